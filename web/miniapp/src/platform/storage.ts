// What is kept on the phone. Storage that is full or forbidden must not stop anybody from charging.

export function recall<T>(name: string): T | null {
  try {
    const value: unknown = uni.getStorageSync(name);
    return value === "" || value === undefined ? null : (value as T);
  } catch {
    return null;
  }
}

export function keep(name: string, value: unknown): void {
  try {
    if (value === null) uni.removeStorageSync(name);
    else uni.setStorageSync(name, value);
  } catch {
    // Kept in memory only, then.
  }
}
