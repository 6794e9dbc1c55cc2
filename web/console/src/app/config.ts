// What the platform tells before anybody has signed in.
export interface Config {
  demo: boolean;
  docs: boolean;
  version: string;
}

let asked: Promise<Config> | undefined;

export function config(): Promise<Config> {
  asked ??= fetch("/config.json")
    .then((answer) => answer.json() as Promise<Config>)
    .catch(() => {
      asked = undefined;
      return { demo: false, docs: false, version: "" };
    });
  return asked;
}
