// Columns and filter of every table of the journal.
import { t, tOr } from "@/app/i18n";
import { moment, NOTHING, yuan } from "@/ui/format";
import type { Column, Filter } from "@/ui/table";
import { PURPOSES, type Line, type MONEY } from "./model";

const change = (fen: number): string => (fen > 0 ? `+${yuan(fen)}` : fen ? yuan(fen) : NOTHING);

export const COLUMNS: Record<"at" | "purpose" | (typeof MONEY)[number] | "memo" | "transfer", Column<Line>> = {
  at: { key: "at", title: "wallet.at", text: (row) => moment(row.at), width: 185 },
  purpose: { key: "purpose", title: "wallet.purpose", text: (row) => tOr(`wallet.purposes.${row.purpose}`, row.purpose), width: 120 },
  available: { key: "available", title: "wallet.available", text: (row) => change(row.available_change_fen), width: 130, align: "right" },
  gift: { key: "gift", title: "wallet.gift", text: (row) => change(row.gift_change_fen), width: 130, align: "right" },
  held: { key: "held", title: "wallet.held", text: (row) => change(row.held_change_fen), width: 130, align: "right" },
  arrears: { key: "arrears", title: "wallet.arrears", text: (row) => change(row.arrears_change_fen), width: 120, align: "right" },
  memo: { key: "memo", title: "wallet.memo", text: (row) => row.memo, minWidth: 220 },
  transfer: { key: "transfer", title: "wallet.transfer", text: (row) => row.transfer_id, minWidth: 280, mono: true },
};

export const PURPOSE: Filter = { key: "purpose", title: "wallet.purpose", kind: "choice", width: 150, choices: () => PURPOSES.map((value) => ({ value, label: t(`wallet.purposes.${value}`) })) };
