// What do all walks through the console stand on?
//
// A walk fails if anything is asked of another host, a page is heavy, a script fails, a dialog
// opens, or axe-core finds something serious. Pictures of all pages go to the folder SHOTS.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

// Installed outside of the repository, see `.ci/run`.
const installed = createRequire(join(process.env.TRAILWRIGHT_TEST_BROWSER, "package.json"));
const { chromium } = installed("playwright-core");
const AXE = readFileSync(installed.resolve("axe-core/axe.min.js"), "utf8");

/** Milliseconds that anything may take on a machine that is busy. */
export const PATIENCE = 120_000;

/** Bytes of a page with its style, script and pictures. */
const MOST_BYTES = 200_000;

const WIDTHS = [1280, 390];

/** The server, as its address with the token. */
export const CONSOLE = process.env.CONSOLE;

/** A browser that signed in, and what went wrong in it. */
export class Visit {
  static async begin(options = {}) {
    const visit = new Visit();
    visit.browser = await chromium.launch({
      executablePath: process.env.CHROMIUM,
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-dev-shm-usage",
      ],
      timeout: PATIENCE,
    });
    const context = await visit.browser.newContext({ viewport: { width: WIDTHS[0], height: 800 }, ...options });
    context.setDefaultTimeout(PATIENCE);
    context.setDefaultNavigationTimeout(PATIENCE);
    visit.page = await context.newPage();
    visit.wrong = [];
    visit.bytes = 0;
    const own = new URL(CONSOLE).origin;
    visit.page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") visit.wrong.push(`console: ${message.text()}`);
    });
    visit.page.on("pageerror", (error) => visit.wrong.push(`script: ${error.message}`));
    visit.page.on("dialog", (dialog) => {
      visit.wrong.push(`dialog: ${dialog.message()}`);
      dialog.dismiss();
    });
    visit.page.on("request", (request) => {
      if (new URL(request.url()).origin !== own) visit.wrong.push(`asked: ${request.url()}`);
    });
    visit.page.on("response", async (response) => {
      if (response.request().isNavigationRequest()) visit.bytes = 0;
      visit.bytes += Number(response.headers()["content-length"] ?? 0);
    });
    await visit.page.goto(CONSOLE);
    assert.ok(!visit.page.url().includes("token"), "the token stays in the address");
    return visit;
  }

  /** Goes to a path of the server. */
  async go(path) {
    await this.page.goto(new URL(path, this.page.url()).href);
  }

  /** Looks at the page as it is: its weight, its width, what axe-core says, and takes pictures. */
  async look(name) {
    const { page } = this;
    await page.waitForLoadState("load");
    assert.ok(this.bytes < MOST_BYTES, `${name} has ${this.bytes} bytes`);
    for (const colorScheme of ["dark", "light"]) {
      await page.emulateMedia({ colorScheme });
      await this.accessible(`${name}, ${colorScheme}`);
      await this.shoot(`${name}-${WIDTHS[0]}-${colorScheme}`);
    }
    await page.setViewportSize({ width: WIDTHS[1], height: 800 });
    const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(over <= 0, `${name} is ${over} pixels wider than a telephone`);
    await this.shoot(`${name}-${WIDTHS[1]}-light`);
    await page.setViewportSize({ width: WIDTHS[0], height: 800 });
    this.well(name);
  }

  /** Nothing went wrong so far. */
  well(name) {
    assert.deepEqual(this.wrong, [], name);
  }

  async accessible(name) {
    // Evaluated by the debugger: the page's policy would not let a script of ours in.
    await this.page.evaluate(AXE);
    const { violations } = await this.page.evaluate(() => window.axe.run(document));
    const grave = violations.filter((it) => ["serious", "critical"].includes(it.impact));
    const told = grave.map((it) => `${it.id}: ${it.help}: ${it.nodes.map((node) => node.html).join(" ").slice(0, 600)}`);
    assert.deepEqual(told, [], name);
  }

  async shoot(name) {
    mkdirSync(process.env.SHOTS, { recursive: true });
    await this.page.screenshot({ path: join(process.env.SHOTS, `${name}.png`), fullPage: true });
  }

  async end() {
    this.well("at the end");
    await this.browser.close();
  }
}

/** Runs a walk to its end, or fails with what it says. */
export async function walk(steps, options) {
  const visit = await Visit.begin(options);
  try {
    await steps(visit, visit.page);
    await visit.end();
  } catch (error) {
    console.error(`at ${visit.page.url()}`);
    console.error(error);
    await visit.shoot("failed").catch(() => {});
    await visit.browser.close();
    process.exit(1);
  }
}
