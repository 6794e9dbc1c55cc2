// Where the phone is, if its owner lets us know. It is used on the phone only.
import type { Place } from "@/core/geo";

export function whereAmI(): Promise<Place | null> {
  return new Promise((resolve) => {
    // #ifdef H5
    if (!window.isSecureContext || !navigator.geolocation) {
      resolve(null);
      return;
    }
    // #endif
    uni.getLocation({
      // #ifdef MP-WEIXIN
      type: "gcj02",
      // #endif
      success: ({ latitude, longitude }) => resolve({ latitude, longitude }),
      fail: () => resolve(null),
    });
  });
}

/** Let the phone's map lead the way. */
export function navigate(to: Place, name: string, address: string): void {
  // #ifdef MP-WEIXIN
  uni.openLocation({ ...to, name, address, fail: () => undefined });
  // #endif
  // #ifdef H5
  const query = `to=${encodeURIComponent(name)}&tocoord=${to.latitude},${to.longitude}&type=drive&referer=chargecloud`;
  window.open(`https://apis.map.qq.com/uri/v1/routeplan?${query}`, "_blank", "noopener");
  // #endif
}

export function call(phone: string): void {
  // #ifdef MP-WEIXIN
  uni.makePhoneCall({ phoneNumber: phone, fail: () => undefined });
  // #endif
  // #ifdef H5
  location.assign(`tel:${phone.replace(/[^\d+]/g, "")}`);
  // #endif
}
