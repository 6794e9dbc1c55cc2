// How both web apps are linted. The plugins are those of the app that asks, for this folder has no packages of its own.

/** What an app's eslint.config.js exports. */
export const lint = (typescript, vue) =>
  typescript.config(
    { ignores: ["dist/", "node_modules/", "src/api/schema.d.ts"] },
    ...typescript.configs.recommended,
    ...vue.configs["flat/essential"],
    {
      files: ["**/*.vue"],
      languageOptions: { parserOptions: { parser: typescript.parser } },
      rules: { "vue/multi-word-component-names": "off" },
    },
    {
      files: ["src/**/*.{ts,vue}"],
      rules: {
        "no-console": "error",
        "max-lines": ["error", 500],
        eqeqeq: ["error", "always", { null: "ignore" }],
        "no-restricted-syntax": [
          "error",
          { selector: "CallExpression[callee.name='eval'], NewExpression[callee.name='Function']", message: "no code from text" },
        ],
      },
    },
    {
      files: ["tests/mp/**/*.{js,cjs}", "tools/**/*.mjs", "tests/e2e/**/*.mjs"],
      rules: { "@typescript-eslint/no-require-imports": "off" },
    },
  );
