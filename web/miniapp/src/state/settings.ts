// What a person has set on this phone.
import { computed, reactive } from "vue";
import { keep, recall } from "@/platform/storage";
import { dressPage, onSystemTheme, systemIsDark, systemLanguage } from "@/platform/screen";
import { setLanguage, type Language } from "@/i18n";

export type Theme = "auto" | "light" | "dark";
export type Kind = "car" | "ebike";

interface Settings {
  language: Language;
  large: boolean;
  theme: Theme;
  kind: Kind;
}

const NAME = "settings";
const stored = recall<Partial<Settings>>(NAME) ?? {};

export const settings = reactive<Settings>({
  language: stored.language === "en" || stored.language === "zh" ? stored.language : systemLanguage(),
  large: stored.large === true,
  theme: stored.theme === "light" || stored.theme === "dark" ? stored.theme : "auto",
  kind: stored.kind === "ebike" ? "ebike" : "car",
});

const system = reactive({ dark: systemIsDark() });
onSystemTheme((dark) => {
  system.dark = dark;
  dressPage(settings.language, isDark.value);
});

export const isDark = computed(() => settings.theme === "dark" || (settings.theme === "auto" && system.dark));

setLanguage(settings.language);
dressPage(settings.language, isDark.value);

export function set<K extends keyof Settings>(name: K, value: Settings[K]): void {
  settings[name] = value;
  keep(NAME, { ...settings });
  setLanguage(settings.language);
  dressPage(settings.language, isDark.value);
}
