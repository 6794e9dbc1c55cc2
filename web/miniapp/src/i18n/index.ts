// Texts in Chinese first and English second. `t` may be used in templates and in code; both follow the language.
import { createI18n } from "vue-i18n";
import { zh } from "./zh";
import { en } from "./en";

export type Language = "zh" | "en";
export type Key = keyof typeof zh;

type Values = Record<string, string | number>;
type Text = string | ((context: { named: (name: string) => unknown }) => string);

/** Texts with values as functions: inside WeChat vue-i18n comes without its compiler, and would show the braces. */
function ready(texts: Record<string, string>): Record<string, Text> {
  const fill = (text: string): Text =>
    text.includes("{") ? ({ named }) => text.replace(/\{(\w+)\}/g, (_, name: string) => String(named(name) ?? "")) : text;
  return Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, fill(text)]));
}

const i18n = createI18n({
  legacy: false,
  locale: "zh",
  fallbackLocale: "zh",
  messages: { zh: ready(zh), en: ready(en) } as never,
  flatJson: false,
  missingWarn: false,
  fallbackWarn: false,
});

/** What is used of vue-i18n; its own types follow every key of every text. */
interface Composer {
  locale: { value: string };
  t(key: string, values: Values): string;
}
const composer = i18n.global as unknown as Composer;

export function setLanguage(language: Language): void {
  composer.locale.value = language;
}

export function language(): Language {
  return composer.locale.value as Language;
}

export function t(key: Key, values: Values = {}): string {
  return composer.t(key, values);
}

/** A text whose key is put together at run time; the other text when there is none. */
export function tOr(key: string, otherwise: string, values: Values = {}): string {
  return key in zh ? composer.t(key, values) : otherwise;
}
