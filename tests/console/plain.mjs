// Without any script: reading and generating.

import { walk } from "./browser.mjs";

const link = (page, name) => page.getByRole("link", { name, exact: true });
const button = (page, name) => page.getByRole("button", { name, exact: true });

await walk(
  async (visit, page) => {
    await visit.go(`/generate?principal=${encodeURIComponent(process.env.PRINCIPAL)}`);
    await button(page, "Generate").click();
    // The browser asks again by itself.
    await link(page, "Review the policy").click();
    await link(page, "Next: customize").first().click();
    const editor = page.locator("textarea[name=document]").first();
    await editor.fill((await editor.inputValue()).replace('"Allow"', '"Alow"'));
    await button(page, "Check the text").click();
    await page.getByText("INVALID_EFFECT").waitFor();
    await link(page, "Drop the edits").click();
    await button(page, "Next: proof").click();
    await page.getByText(/of [\d,]+ allowed$/).waitFor();
    await link(page, "Next: name it").click();
    const [download] = await Promise.all([page.waitForEvent("download"), link(page, "policy.json").click()]);
    await download.path();
    await visit.go("/sql");
    await button(page, "Run").click();
    await page.getByRole("heading", { name: "Answer" }).waitFor();
  },
  { javaScriptEnabled: false },
);
