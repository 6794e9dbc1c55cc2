// Texts of the features, Chinese first; English is fetched when somebody wants it.
import { createI18n, type I18n } from "vue-i18n";

export type Language = "zh" | "en";
type Texts = Record<string, unknown>;

const chinese = import.meta.glob<Texts>("../locales/zh/*.ts", { import: "default" });
const english = import.meta.glob<Texts>("../locales/en/*.ts", { import: "default" });

/** Texts of a language by feature: locales/zh/stations.ts is `stations.…`. */
export async function texts(language: Language): Promise<Texts> {
  const files = language === "zh" ? chinese : english;
  const entries = Object.entries(files).map(async ([path, load]) => [path.replace(/^.*\/([a-z-]+)\.ts$/, "$1"), await load()] as const);
  return Object.fromEntries(await Promise.all(entries));
}

export const i18n: I18n<Record<string, never>, Record<string, never>, Record<string, never>, string, false> = createI18n({
  legacy: false,
  locale: "zh",
  fallbackLocale: "zh",
  missingWarn: false,
  fallbackWarn: false,
  messages: {},
}) as never;

const loaded = new Set<Language>();

/** Speak a language from now on. */
export async function speak(language: Language): Promise<void> {
  if (!loaded.has(language)) {
    i18n.global.setLocaleMessage(language, (await texts(language)) as never);
    loaded.add(language);
  }
  i18n.global.locale.value = language;
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
}

/** A text outside of a component. */
export const t = (i18n.global as unknown as { t: unknown }).t as (key: string, named?: Record<string, unknown>) => string;

/** A text if there is one for this key, otherwise what is given. */
export function tOr(key: string, otherwise: string): string {
  return (i18n.global as unknown as { te(name: string): boolean }).te(key) ? t(key) : otherwise;
}
