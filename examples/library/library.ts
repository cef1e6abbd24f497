// The service as a whole: every method's handler over one store.
import { createBookHandlers } from "./books.ts";
import { createChatHandler } from "./chat.ts";
import { createFileHandlers } from "./files.ts";
import type { Library } from "./gen/library_pb.ts";
import type { Handlers } from "./grpc-service.ts";
import { createImportBooksHandler } from "./import-books.ts";
import { createInspectHandler } from "./inspect.ts";
import { createListBooksHandler } from "./list-books.ts";
import { createLoanHandlers } from "./loans.ts";
import { createShelfHandlers } from "./shelves.ts";
import type { Store } from "./store.ts";
import { createWatchArrivalsHandler } from "./watch-arrivals.ts";

export type LibraryHandlers = Handlers<typeof Library>;

export function createLibraryHandlers(store: Store): LibraryHandlers {
  return {
    ...createShelfHandlers(store),
    ...createBookHandlers(store),
    ...createListBooksHandler(store),
    ...createLoanHandlers(store),
    ...createWatchArrivalsHandler(store),
    ...createImportBooksHandler(store),
    ...createChatHandler(store),
    ...createFileHandlers(store),
    ...createInspectHandler(),
  };
}
