// Distances are reckoned on the phone, so that where it is never leaves it.
export interface Place {
  latitude: number;
  longitude: number;
}

const EARTH_M = 6_371_000;

/** Metres along the ground. */
export function distanceM(from: Place, to: Place): number {
  const rad = (degrees: number) => (degrees * Math.PI) / 180;
  const [dLat, dLon] = [rad(to.latitude - from.latitude), rad(to.longitude - from.longitude)];
  const a = Math.sin(dLat / 2) ** 2 + Math.cos(rad(from.latitude)) * Math.cos(rad(to.latitude)) * Math.sin(dLon / 2) ** 2;
  return 2 * EARTH_M * Math.asin(Math.min(1, Math.sqrt(a)));
}

/** "320 m", "1.4 km", "27 km". */
export function distanceText(metres: number): string {
  if (metres < 1000) return `${Math.round(metres / 10) * 10} m`;
  return metres < 10_000 ? `${(metres / 1000).toFixed(1)} km` : `${Math.round(metres / 1000)} km`;
}

/** Coordinates of the API are whole millionths of a degree. */
export function placeOf(at: { latitude_udeg: number | null; longitude_udeg: number | null }): Place | null {
  if (at.latitude_udeg === null || at.longitude_udeg === null) return null;
  return { latitude: at.latitude_udeg / 1e6, longitude: at.longitude_udeg / 1e6 };
}
