// The example page in a real browser, started as its README says; and the README's snippets, run as they are printed.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import type { Page } from "playwright-core";
import { openBrowser, watchNetwork, whyNoBrowser } from "../clients/rpc/open-browser.ts";
import { type ListeningProcess, startProcess } from "../matrix/process.ts";
import { cacheFolder } from "../matrix/toolchain.ts";

const root = join(import.meta.dirname, "../..");
const folder = join(root, "examples/browser-connect");
const readme = readFileSync(join(folder, "README.md"), "utf8");
const run = promisify(execFile);

function linesOf(label: string): string[] {
  const blocks = [...readme.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)].filter(([, kind]) => kind === label);
  return blocks
    .flatMap(([, , text = ""]) => text.split("\n"))
    .filter((line) => line !== "" && !line.startsWith("#"));
}

describe("the page of examples/browser-connect", () => {
  const children: ListeningProcess[] = [];
  let gateway = "";
  let pages = "";

  /** A line of the README, with the ports that are free instead of its own. */
  const start = async (
    line: string | undefined,
    flags: readonly string[],
    listening: RegExp,
  ): Promise<string> => {
    const [command = "", ...args] = (line ?? "").replace(/\s+#.*/, "").split(" ");
    const node = command === "npm" ? [join(root, "src/cli/main.ts"), "serve", ...args.slice(2)] : args;
    const child = await startProcess(process.execPath, [...node, ...flags], listening, { cwd: root });
    children.push(child);
    return child.address;
  };

  before(async () => {
    const [page, serve, ...more] = linesOf("sh");
    assert.deepEqual(more, []);
    const listening = /^the page is on (http:\S+, the library on \S+:\d+)$/m;
    const places = await start(page, ["--port", "0", "--library-port", "0"], listening);
    const [, url = "", library = ""] = /^(\S+), .* (\S+)$/.exec(places) ?? [];
    pages = url;
    assert.match(serve ?? "", /^npm start -- /);
    const flags = [`library=${library}`, "--listen", "127.0.0.1:0"];
    gateway = await start(serve, flags, /^listening on (http:\S+)$/m);
  });

  after(() => Promise.all(children.map((child) => child.stop("SIGTERM"))));

  for (const line of linesOf("sh curl")) {
    test(`works by paste: ${line}`, async () => {
      const here = line.replace("http://127.0.0.1:8080", gateway);
      const { stdout } = await run("bash", ["-c", here]);
      assert.match(stdout, /"shelves\/7\/books\/9"/);
    });
  }

  test("the snippet in TypeScript runs and prints three titles", async (context) => {
    // Below the root, where the packages are found.
    mkdirSync(cacheFolder, { recursive: true });
    const scratch = mkdtempSync(join(cacheFolder, "snippet-"));
    context.after(() => rmSync(scratch, { recursive: true }));
    const file = join(scratch, "snippet.ts");
    const snippet = linesOf("ts").join("\n").replace("http://127.0.0.1:8080", gateway);
    writeFileSync(file, snippet.replace("./examples/", `${root}/examples/`));
    const { stdout } = await run(process.execPath, [file]);
    assert.equal(stdout.trim().split("\n").length, 3);
  });

  for (const protocol of ["Connect", "gRPC-Web"] as const) {
    test(`by ${protocol} it finds, watches, stops, and says what is wrong`, {
      skip: whyNoBrowser,
    }, async (context) => {
      const browser = await openBrowser(context);
      const page = await browser.newPage({ viewport: { width: 1180, height: 620 } });
      const thrown: Error[] = [];
      page.on("pageerror", (error) => thrown.push(error));
      await page.goto(`${pages}/?gateway=${gateway}`);
      const { requests } = await watchNetwork(page);
      await page.getByText(protocol, { exact: true }).click();

      await page.click("#lookup button");
      await page.locator("#found h3").waitFor();
      assert.match((await page.textContent("#found")) ?? "", /shelves\/7\/books\/9/);

      await page.click("#watch");
      await page.locator("#arrivals li").nth(1).waitFor();
      await addBook(page, `New by ${protocol}`, 4);
      await page.getByText(/It is shelves\/1\/books\/\d+ now/).waitFor();
      await page.locator("#arrivals li.new", { hasText: `New by ${protocol}` }).waitFor();

      await addBook(page, "", 9);
      await page.locator("output[for='book.title']:not(:empty)").waitFor();
      assert.match((await page.textContent("output[for='book.rating']")) ?? "", /\S/);
      assert.match((await page.textContent("#added .error")) ?? "", /InvalidArgument/);
      if (process.env.SCREENSHOT !== undefined)
        await page.screenshot({ path: process.env.SCREENSHOT, fullPage: true });

      await page.click("#stop");
      await page.getByText("stopped: the backend was told").waitFor();
      assert.equal(await page.locator("#watch").isEnabled(), true);

      await page.fill("#lookup input", "shelves/1/books/nowhere");
      await page.click("#lookup button");
      await page.locator("#found .error").waitFor();
      assert.match((await page.textContent("#found .error")) ?? "", /NotFound.*BOOK_NOT_FOUND/s);

      assert.deepEqual(thrown, []);
      const reads = requests.filter(({ path, method }) => path.endsWith("/GetBook") && method !== "OPTIONS");
      assert.deepEqual(
        [...new Set(reads.map(({ method }) => method))],
        [protocol === "Connect" ? "GET" : "POST"],
      );
    });
  }
});

async function addBook(page: Page, title: string, rating: number): Promise<void> {
  await page.fill("#title", title);
  await page.fill("#rating", String(rating));
  await page.click("#add button");
}
