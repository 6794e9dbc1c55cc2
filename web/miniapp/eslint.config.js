import vue from "eslint-plugin-vue";
import typescript from "typescript-eslint";
import { lint } from "../tools/lint.mjs";

export default lint(typescript, vue);
