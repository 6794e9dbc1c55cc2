// Texts in Chinese first and English second. `t` may be used in templates and in code; both follow the language.
import { createI18n } from "vue-i18n";
import { zh } from "./zh";
import { en } from "./en";

export type Language = "zh" | "en";
export type Key = keyof typeof zh;

const i18n = createI18n({
  legacy: false,
  locale: "zh",
  fallbackLocale: "zh",
  messages: { zh: zh as Record<string, string>, en: en as Record<string, string> },
  flatJson: false,
  missingWarn: false,
  fallbackWarn: false,
});

export function setLanguage(language: Language): void {
  i18n.global.locale.value = language;
}

export function language(): Language {
  return i18n.global.locale.value as Language;
}

type Values = Record<string, string | number>;

export function t(key: Key, values: Values = {}): string {
  return i18n.global.t(key, values);
}

/** A text whose key is put together at run time; the other text when there is none. */
export function tOr(key: string, otherwise: string, values: Values = {}): string {
  return key in zh ? i18n.global.t(key, values) : otherwise;
}
