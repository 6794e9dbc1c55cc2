// Texts compiled when the app is built: no compiler in the browser, and nothing there that makes code from text.
import { baseCompile } from "@intlify/message-compiler";

const LOCALE = /\/src\/locales\/[a-z]+\/[a-z-]+\.ts$/;

/** A tree of texts as a tree of what vue-i18n formats. */
export function compiled(texts, path = "") {
  return Object.fromEntries(
    Object.entries(texts).map(([name, value]) => {
      const here = path ? `${path}.${name}` : name;
      if (typeof value !== "string") return [name, compiled(value, here)];
      const { ast } = baseCompile(value, {
        jit: true,
        minify: true,
        location: false,
        onError: (error) => {
          throw new Error(`${here}: ${error.message} in ${JSON.stringify(value)}`);
        },
      });
      return [name, ast];
    }),
  );
}

export function messages() {
  return {
    name: "messages",
    enforce: "pre",
    async transform(code, id) {
      if (!LOCALE.test(id.split("?")[0])) return null;
      const { default: texts } = await import(`data:text/javascript;charset=utf-8,${encodeURIComponent(code)}`);
      return { code: `export default ${JSON.stringify(compiled(texts))};`, map: null };
    },
  };
}
