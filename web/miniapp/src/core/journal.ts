// What a line of the journal says to a driver: what came, what went, and what was only put aside.

export interface Change {
  available_change_fen: number;
  held_change_fen: number;
  arrears_change_fen: number;
}

/** `fen` is signed where money came or went, so that the lines add up to the wallet; what was put aside bears no sign. */
export interface ShownChange {
  kind: "in" | "out" | "aside";
  fen: number;
}

export function shownChange(line: Change): ShownChange {
  const moved = line.available_change_fen + line.held_change_fen - line.arrears_change_fen;
  if (moved === 0) return { kind: "aside", fen: Math.abs(line.held_change_fen) };
  return { kind: moved > 0 ? "in" : "out", fen: moved };
}
