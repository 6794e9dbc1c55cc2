// What somebody has set in this browser: language, looks, which columns.
import { reactive, watch } from "vue";
import { speak, type Language } from "./i18n";

export type Theme = "light" | "dark" | "system";

interface Settings {
  language: Language;
  theme: Theme;
  folded: boolean;
  columns: Record<string, string[]>;
}

const KEY = "console.settings";

function stored(): Partial<Settings> {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<Settings>;
  } catch {
    return {};
  }
}

const before = stored();

export const settings: Settings = reactive({
  language: before.language === "en" || before.language === "zh" ? before.language : navigator.language.startsWith("zh") ? "zh" : "en",
  theme: before.theme === "light" || before.theme === "dark" ? before.theme : "system",
  folded: before.folded === true,
  columns: before.columns && typeof before.columns === "object" ? before.columns : {},
});

const night = matchMedia("(prefers-color-scheme: dark)");

/** Whether it is dark now. */
export const look = reactive({ dark: false });

let screens = 0;

function dress(): void {
  look.dark = screens > 0 || settings.theme === "dark" || (settings.theme === "system" && night.matches);
  document.documentElement.classList.toggle("dark", look.dark);
}

/** Dark whatever is set, until the answer is called: for a screen that hangs on a wall. */
export function darkScreen(): () => void {
  screens += 1;
  dress();
  return () => {
    screens -= 1;
    dress();
  };
}

/** As it was left last time; ends when the texts are there. */
export async function applySettings(): Promise<void> {
  dress();
  night.addEventListener("change", dress);
  watch(settings, () => {
    localStorage.setItem(KEY, JSON.stringify(settings));
    dress();
    void speak(settings.language);
  });
  await speak(settings.language);
}
