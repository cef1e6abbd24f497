// Shelves: create, get, list, delete.
import { checkShelf } from "./check-book.ts";
import type { LibraryHandlers } from "./library.ts";
import { pageOf } from "./paging.ts";
import type { Store } from "./store.ts";

export function createShelfHandlers(
  store: Store,
): Pick<LibraryHandlers, "createShelf" | "getShelf" | "listShelves" | "deleteShelf"> {
  return {
    createShelf: ({ shelf }) => store.addShelf(checkShelf(shelf)),
    getShelf: ({ name }) => store.shelf(name),
    listShelves(request) {
      const { items, nextPageToken } = pageOf(store.listShelves(), request, "shelves");
      return { shelves: [...items], nextPageToken };
    },
    deleteShelf({ name, force }) {
      store.removeShelf(name, force);
      return {};
    },
  };
}
