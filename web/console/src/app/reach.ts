import { useRouter } from "vue-router";
import { opens } from "./session";

/** Where a path leads, when there is such a page and whoever is signed in may see it: a link otherwise leads nowhere. */
export function useReach(): (path: string) => string | null {
  const router = useRouter();
  return (path) => {
    const { page } = router.resolve(path).meta;
    return page && opens(page) ? path : null;
  };
}
