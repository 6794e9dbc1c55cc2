// A list that comes in pages, newest first.
import { ref, type Ref } from "vue";
import type { Page } from "@/api/endpoints";
import { told } from "@/i18n/errors";

export interface Paged<T> {
  items: Ref<T[] | null>;
  problem: Ref<string>;
  done: Ref<boolean>;
  busy: Ref<boolean>;
  reload(): Promise<void>;
  more(): Promise<void>;
}

export function paged<T>(fetch: (before: string | null) => Promise<Page<T>>): Paged<T> {
  const items = ref<T[] | null>(null) as Ref<T[] | null>;
  const problem = ref("");
  const done = ref(false);
  const busy = ref(false);
  let next: string | null = null;

  async function read(before: string | null): Promise<void> {
    if (busy.value) return;
    busy.value = true;
    problem.value = "";
    try {
      const page = await fetch(before);
      items.value = before === null ? page.items : [...(items.value ?? []), ...page.items];
      next = page.next;
      done.value = next === null;
    } catch (error) {
      problem.value = told(error);
    } finally {
      busy.value = false;
    }
  }
  return {
    items, problem, done, busy,
    reload: () => read(null),
    more: async () => {
      if (next !== null) await read(next);
    },
  };
}
