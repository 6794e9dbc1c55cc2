module.exports = {
  rootDir: __dirname,
  testMatch: ["<rootDir>/*.test.cjs"],
  testEnvironment: "jsdom",
  // Else `ws` would be its stub for browsers.
  testEnvironmentOptions: { customExportConditions: ["node", "node-addons"], url: "https://localhost/" },
  transform: {},
  testTimeout: 30_000,
};
