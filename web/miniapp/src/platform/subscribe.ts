// One-time subscribe messages: WeChat allows the question only from a tap, so it is asked with the start of a charge.

export function askToTell(templates: string[]): Promise<void> {
  // #ifdef MP-WEIXIN
  if (templates.length === 0) return Promise.resolve();
  return new Promise((resolve) => {
    uni.requestSubscribeMessage({ tmplIds: templates.slice(0, 3), complete: () => resolve() });
  });
  // #endif
  // #ifdef H5
  void templates;
  return Promise.resolve();
  // #endif
}
