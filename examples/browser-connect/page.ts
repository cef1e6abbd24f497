// The page: three calls to the library by @connectrpc/connect-web. `?gateway=` names another gateway.
import { Code, ConnectError } from "@connectrpc/connect";
import { Arrival_Reason, type Book } from "../library/gen/library_pb.ts";
import { type Choice, createLibraryClient } from "./client.ts";
import { byId, element } from "./element.ts";
import { describeError, markFields } from "./show-error.ts";

const gateway = new URLSearchParams(location.search).get("gateway") ?? "http://127.0.0.1:8080";

const choice = byId("choice", HTMLFormElement);
const lookup = byId("lookup", HTMLFormElement);
const found = byId("found", HTMLDivElement);
const watch = byId("watch", HTMLButtonElement);
const stop = byId("stop", HTMLButtonElement);
const arrivals = byId("arrivals", HTMLOListElement);
const watching = byId("watching", HTMLParagraphElement);
const add = byId("add", HTMLFormElement);
const added = byId("added", HTMLDivElement);

byId("gateway", HTMLElement).textContent = gateway;

function client() {
  const data = new FormData(choice);
  const protocol: Choice["protocol"] = data.get("protocol") === "grpc-web" ? "grpc-web" : "connect";
  return createLibraryClient(gateway, { protocol, useHttpGet: data.has("get") });
}

choice.addEventListener("change", () => {
  byId("get", HTMLInputElement).disabled = new FormData(choice).get("protocol") === "grpc-web";
});

// A unary call.
lookup.addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    const book = await client().getBook({ name: String(new FormData(lookup).get("name")) });
    found.replaceChildren(describeBook(book));
  } catch (error) {
    found.replaceChildren(describeError(error));
  }
});

// A server stream, and its cancellation.
watch.addEventListener("click", async () => {
  const stopped = new AbortController();
  stop.onclick = () => stopped.abort();
  [watch.disabled, stop.disabled] = [true, false];
  arrivals.replaceChildren();
  watching.textContent = "watching …";
  try {
    const stream = client().watchArrivals(
      { interval: { seconds: 0n, nanos: 700_000_000 } },
      { signal: stopped.signal },
    );
    for await (const { sequence, reason, book } of stream) {
      const isNew = reason !== Arrival_Reason.CATALOGUE;
      const item = element(
        "li",
        { className: isNew ? "new" : "" },
        element("b", { textContent: book?.title ?? "" }),
        element("span", { textContent: isNew ? "just added" : (book?.author ?? "") }),
        element("small", { textContent: `#${sequence}` }),
      );
      arrivals.prepend(item);
      while (arrivals.children.length > 6) arrivals.lastElementChild?.remove();
    }
    watching.textContent = "the stream has ended";
  } catch (error) {
    const cancelled = ConnectError.from(error).code === Code.Canceled;
    watching.textContent = cancelled ? "stopped: the backend was told" : "";
    if (!cancelled) watching.append(describeError(error));
  } finally {
    [watch.disabled, stop.disabled] = [false, true];
  }
});

// A call that may fail, with a word for each field.
add.addEventListener("submit", async (event) => {
  event.preventDefault();
  const data = new FormData(add);
  const book = { title: String(data.get("book.title")), rating: Number(data.get("book.rating")) };
  try {
    const { name } = await client().createBook({ parent: "shelves/1", book });
    markFields(add);
    added.replaceChildren(element("p", { className: "good", textContent: `It is ${name} now.` }));
    add.reset();
  } catch (error) {
    markFields(add, error);
    added.replaceChildren(describeError(error));
  }
});

function describeBook({ name, title, author, publishYear, rating, accessionNumber, subject }: Book) {
  const year = publishYear < 0 ? `${-publishYear} BC` : `${publishYear}`;
  const rows = [
    ["subject", subject],
    ["rating", "★".repeat(Math.round(rating)).padEnd(5, "☆")],
    ["accession", `${accessionNumber}`],
  ];
  const list = element("dl", {});
  for (const [label = "", text = ""] of rows) {
    list.append(element("dt", { textContent: label }), element("dd", { textContent: text }));
  }
  return element(
    "article",
    { className: "book" },
    element("h3", { textContent: title }),
    element("p", { textContent: `${author}, ${year}` }),
    list,
    element("small", { textContent: name }),
  );
}
