// Words of orders that may be newer than this console: what has none here is shown as the platform says it.
import { t, tOr } from "@/app/i18n";
import type { Column } from "@/ui/table";
import { kwh, moment, yuan } from "@/ui/format";
import type { Order } from "./model";

export const stateName = (state: string): string => tOr(`orders.states.${state}`, state);
export const flagName = (flag: string): string => tOr(`orders.flags.${flag}`, flag);
export const stopName = (stop: string | null | undefined): string => (stop ? tOr(`orders.stops.${stop}`, stop) : "");
export const methodName = (method: string): string => tOr(`orders.methods.${method}`, method);

/** The columns that lists of orders have in common. */
export function columnsOf(stationName: (id: number) => string): Column<Order>[] {
  return [
    { key: "no", title: "orders.no", text: (row) => row.order_no, width: 215, mono: true },
    { key: "state", title: "orders.state", text: (row) => stateName(row.state), width: 130 },
    { key: "placed", title: "orders.placed", text: (row) => moment(row.placed_at), width: 185 },
    { key: "station", title: "stations.station", text: (row) => stationName(row.station_id), minWidth: 150 },
    { key: "code", title: "orders.point", text: (row) => `${row.charge_point_code} / ${row.connector_no}`, width: 190, mono: true },
    { key: "driver", title: "orders.driver", text: (row) => (row.driver_id === null ? "" : String(row.driver_id)), width: 90, align: "right" },
    { key: "energy", title: "orders.energy", text: (row) => kwh(row.energy_mwh), width: 110, align: "right" },
    { key: "total", title: "orders.total", text: (row) => yuan(row.total_fen), width: 110, align: "right" },
    { key: "energyFee", title: "orders.energyFee", text: (row) => yuan(row.energy_fee_fen), width: 105, align: "right", hidden: true },
    { key: "serviceFee", title: "orders.serviceFee", text: (row) => yuan(row.service_fee_fen), width: 105, align: "right", hidden: true },
    { key: "method", title: "orders.method", text: (row) => methodName(row.method), width: 105 },
    { key: "stop", title: "orders.stop", text: (row) => stopName(row.stop_class), width: 110 },
    { key: "stopReason", title: "orders.stopReason", text: (row) => row.stop_reason, width: 220, mono: true, hidden: true },
    { key: "flags", title: "orders.flagged", text: (row) => row.flags.map(flagName).join("、"), minWidth: 180 },
    { key: "started", title: "orders.started", text: (row) => moment(row.started_at), width: 170, hidden: true },
    { key: "ended", title: "orders.ended", text: (row) => moment(row.ended_at), width: 170, hidden: true },
    { key: "settled", title: "orders.settledAt", text: (row) => moment(row.settled_at), width: 170, hidden: true },
    { key: "payment", title: "orders.payment", text: (row) => row.payment_no ?? "", width: 230, mono: true, hidden: true },
    { key: "session", title: "sessions.no", text: (row) => row.session_no, minWidth: 290, mono: true, hidden: true },
  ];
}

/** Facts of a line of a timeline, in short: amounts in yuan, lists in words. */
export function facts(detail: Record<string, unknown>): string {
  return Object.entries(detail)
    .filter(([, value]) => value !== "" && value !== null && !(Array.isArray(value) && !value.length))
    .map(([name, value]) => {
      if (name.endsWith("_fen") && typeof value === "number") return `${tOr(`orders.facts.${name}`, name.slice(0, -4))} ${yuan(value)} ${t("orders.yuan")}`;
      if ((name === "reasons" || name === "flags") && Array.isArray(value)) return value.map((one) => flagName(String(one))).join("、");
      if (name === "state") return stateName(String(value));
      if (name === "action" || name === "act") return tOr(`orders.act.${String(value).replace(/^orders\./, "")}`, String(value));
      return `${tOr(`orders.facts.${name}`, name)} ${typeof value === "object" ? JSON.stringify(value) : tOr(`sessions.stops.${String(value)}`, String(value))}`;
    })
    .join(" · ");
}
