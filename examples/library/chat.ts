// The bidi stream: a librarian who answers each word with a word, and knows the catalogue.
import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampDate, timestampFromDate } from "@bufbuild/protobuf/wkt";
import { viewOf } from "./book-view.ts";
import type { Book, ChatReplySchema, ChatRequest } from "./gen/library_pb.ts";
import type { LibraryHandlers } from "./library.ts";
import { invalidArgument, StatusError } from "./status-error.ts";
import type { Store } from "./store.ts";

type ReplyInit = MessageInitShape<typeof ChatReplySchema>;

const maxSuggestions = 3;
const maxTextLength = 1000;
const goodBye = /\b(bye|goodbye|thanks|thank you)\b/i;
const greeting = /^\s*(hi|hello|hey|good (morning|day|evening))\b/i;
/** Words that are in every question and say nothing about the book. */
const emptyWords = new Set(
  "a an and any book books by do for have i in is me of on or please the to want you".split(" "),
);

export function createChatHandler(store: Store): Pick<LibraryHandlers, "chat"> {
  return { chat: (requests) => chat(store, requests) };
}

async function* chat(store: Store, requests: AsyncIterable<ChatRequest>): AsyncIterable<ReplyInit> {
  let sequence = 0n;
  for await (const { content } of requests) {
    sequence += 1n;
    const sendTime = timestampFromDate(store.now());
    switch (content.case) {
      case "text":
        if (content.value.length > maxTextLength) {
          throw invalidArgument({
            field: "text",
            description: `must have at most ${maxTextLength} characters`,
          });
        }
        yield { sequence, sendTime, ...answer(store, content.value) };
        if (goodBye.test(content.value)) return;
        break;
      case "book":
        yield { sequence, sendTime, ...describe(store, content.value) };
        break;
      default:
        throw invalidArgument({ field: "content", description: "text or book must be set" });
    }
  }
}

function answer(store: Store, text: string): ReplyInit {
  if (goodBye.test(text)) return { text: "Good bye, and bring them back in time." };
  if (greeting.test(text)) return { text: "Good day. An author, a subject or a title will do." };
  const suggestions = search(store, text);
  if (suggestions.length === 0) return { text: "Nothing on my shelves fits that." };
  return { text: `You might like ${suggestions.map(({ title }) => title).join(", ")}.`, suggestions };
}

function describe(store: Store, name: string): ReplyInit {
  try {
    const book = store.book(name, "book");
    const due = book.loan?.dueTime;
    const where =
      due === undefined ? "is on its shelf" : `is back on ${timestampDate(due).toISOString().slice(0, 10)}`;
    return { text: `${book.title} ${where}.`, suggestions: [viewOf(book)] };
  } catch (reason) {
    if (reason instanceof StatusError) return { text: `I cannot find it: ${reason.message}.` };
    throw reason;
  }
}

/** The books in which most of the words are found, the best first. */
function search(store: Store, text: string): Book[] {
  const words = text.toLowerCase().split(/[^\p{L}\p{N}]+/u);
  const wanted = words.filter((word) => word.length > 1 && !emptyWords.has(word));
  return store
    .listBooks("")
    .map((book) => {
      const about = [book.title, book.author, book.subject, ...book.tags].join(" ").toLowerCase();
      return { book, hits: wanted.filter((word) => about.includes(word)).length };
    })
    .filter(({ hits }) => hits > 0)
    .sort((a, b) => b.hits - a.hits || b.book.rating - a.book.rating)
    .slice(0, maxSuggestions)
    .map(({ book }) => viewOf(book));
}
