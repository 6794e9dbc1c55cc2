/** What a text that was typed into the search may be. */
export function kindOf(text: string): { code: boolean; order: boolean; name: boolean } {
  const digits = text.replaceAll(" ", "");
  const isNumber = /^\d+$/.test(digits);
  return {
    code: isNumber && digits.length >= 2 && digits.length <= 14,
    order: isNumber && digits.length >= 18 && digits.length <= 32,
    name: !isNumber || digits.length < 8,
  };
}
