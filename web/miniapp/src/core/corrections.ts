// What a bill was changed to after it stood.

export interface Correction {
  correction_id: string;
  kind: string;
  standing: string;
  energy_fee_fen: number;
  service_fee_fen: number;
  change_fen: number;
  at: string;
}

export interface BillChange {
  id: string;
  kind: string;
  at: string;
  beforeFen: number;
  afterFen: number;
  /** Less than 0: paid back. */
  changeFen: number;
}

/** The corrections that changed what was paid, oldest first; what was only proposed, dropped or found to be the same is left out. */
export function billChanges(corrections: readonly Correction[]): BillChange[] {
  return corrections
    .filter((one) => one.standing === "posted" && one.change_fen !== 0)
    .map((one) => {
      const afterFen = one.energy_fee_fen + one.service_fee_fen;
      return { id: one.correction_id, kind: one.kind, at: one.at, beforeFen: afterFen - one.change_fen, afterFen, changeFen: one.change_fen };
    });
}
