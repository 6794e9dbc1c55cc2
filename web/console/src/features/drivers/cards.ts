// What is done to a driver's card, from the driver's page and from the list of all cards.
import { ref } from "vue";
import { api, ok, type Schemas } from "@/api/client";
import { t } from "@/app/i18n";
import { tellDone, tellProblem } from "@/ui/problems";
import { sure } from "./reason";

type Card = Pick<Schemas["CardOut"], "id" | "card_label" | "frozen">;

/** `busy` is the id of the card that is being changed, 0 for none; `refresh` is called once it is done. */
export function useCardActs(refresh: () => unknown) {
  const busy = ref(0);

  async function act(card: Card, call: () => Promise<unknown>, done: string): Promise<void> {
    busy.value = card.id;
    try {
      await call();
      tellDone(done);
      await refresh();
    } catch (error) {
      tellProblem(error);
    } finally {
      busy.value = 0;
    }
  }

  async function freeze(driverId: number, card: Card): Promise<void> {
    if (!card.frozen && !(await sure(t("drivers.cards.lossSure", { label: card.card_label }), t("drivers.cards.loss")))) return;
    const params = { path: { driver_id: driverId, card_pk: card.id } };
    await act(card, () => ok(api.PATCH("/api/v1/drivers/{driver_id}/cards/{card_pk}", { params, body: { frozen: !card.frozen } })), t(card.frozen ? "drivers.cards.found" : "drivers.cards.lost"));
  }

  async function remove(driverId: number, card: Card): Promise<void> {
    if (!(await sure(t("drivers.cards.removeSure", { label: card.card_label }), t("drivers.cards.remove")))) return;
    const params = { path: { driver_id: driverId, card_pk: card.id } };
    await act(card, () => ok(api.DELETE("/api/v1/drivers/{driver_id}/cards/{card_pk}", { params })), t("app.act.removed"));
  }

  return { busy, freeze, remove };
}
