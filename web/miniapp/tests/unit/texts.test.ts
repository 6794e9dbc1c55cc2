import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { en } from "@/i18n/en";
import { setLanguage, t, tOr, type Key } from "@/i18n";
import { told } from "@/i18n/errors";
import { zh } from "@/i18n/zh";
import { Problem } from "@/core/problem";

const SOURCE = new URL("../../src/", import.meta.url).pathname;
const files = (directory: string): string[] =>
  readdirSync(directory).flatMap((name) => {
    const path = join(directory, name);
    return statSync(path).isDirectory() ? files(path) : [path];
  });
const pages = files(SOURCE).filter((path) => /\.(vue|ts)$/.test(path) && !path.includes("/i18n/"));

describe("texts", () => {
  it("are in both languages, with the same values to fill in", () => {
    const holes = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort();
    for (const [key, text] of Object.entries(zh)) expect([key, holes(en[key as Key])]).toEqual([key, holes(text)]);
    expect(Object.keys(en).sort()).toEqual(Object.keys(zh).sort());
  });

  it("are all used: by name, or by a prefix that is put together", () => {
    const source = pages.map((path) => readFileSync(path, "utf8")).join("\n") + readFileSync(`${SOURCE}i18n/errors.ts`, "utf8");
    const prefixes = ["err_", "refusal_", "stop_", "ended_", "stage_", "step_", "purpose_", "refundStanding_", "refundPart_", "pay_", "theme_", "kind_", "plan_", "usageLine_", "prepay_", "prepayThen_", "fbKind_", "fbHint_", "fbState_", "corrected_"];
    const states = ["available", "occupied", "charging", "faulted", "offline", "sharp", "peak", "flat", "valley"];
    const unused = Object.keys(zh).filter((key) => !prefixes.some((prefix) => key.startsWith(prefix)) && !states.includes(key) && !source.includes(`"${key}"`) && !source.includes(`'${key}'`));
    expect(unused).toEqual([]);
  });

  it("leave no Chinese in the pages themselves", () => {
    const written = pages
      .filter((path) => !path.endsWith("legal/texts.ts") && !path.endsWith("schema.d.ts"))
      .filter((path) => /[\u4e00-\u9fff]/.test(readFileSync(path, "utf8").replace("中文", "")))
      .map((path) => path.replace(SOURCE, ""));
    expect(written).toEqual([]);
  });

  it("follow the language and fill in values", () => {
    setLanguage("zh");
    expect(t("topupPay", { yuan: "50.00" })).toBe("支付 50.00 元");
    setLanguage("en");
    expect(t("topupPay", { yuan: "50.00" })).toBe("Pay 50.00 yuan");
    expect(tOr("no_such_text", "other")).toBe("other");
  });
});

describe("what is told of a problem", () => {
  it("is our sentence, else the server's in Chinese, else a general one", () => {
    setLanguage("zh");
    expect(told(new Problem(422, { code: "connector_faulted", detail: "充电枪故障" }))).toBe("充电接口故障，请换一个");
    expect(told(new Problem(422, { code: "brand_new", detail: "新的原因" }))).toBe("新的原因");
    expect(told(new Problem(500, { code: "internal_error", detail: "something went wrong" }))).toBe("服务暂时不可用，请稍后重试");
    expect(told(new Problem(0))).toBe("网络不通，请检查网络后重试");
    expect(told(new Problem(429, { code: "too_many_looks" }, 12))).toBe("操作太频繁，请 12 秒后再试");
    expect(told(new TypeError("x"))).toBe("服务暂时不可用，请稍后重试");
    setLanguage("en");
    expect(told(new Problem(422, { code: "brand_new", detail: "新的原因" }))).toBe("Something went wrong; please try again later");
  });
});
