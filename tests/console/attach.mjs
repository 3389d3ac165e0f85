// From a policy to the account: it is attached, the old ones are taken away, and all is put back.

import { walk } from "./browser.mjs";

const link = (page, name) => page.getByRole("link", { name, exact: true });
const button = (page, name) => page.getByRole("button", { name, exact: true });

await walk(async (visit, page) => {
  await visit.go(`/generate?principal=${encodeURIComponent(process.env.PRINCIPAL)}`);
  await button(page, "Generate").click();
  await link(page, "Review the policy").click();
  await visit.go(page.url().replace("review", "proof"));
  await button(page, "Fetch all from the account").click();
  await page.getByText("Granted today, and used").waitFor();
  await visit.look("fetched");
  await link(page, "Next: name it").click();
  await page.getByLabel("Name", { exact: true }).fill("attached-here");
  await button(page, "Use these").click();
  await link(page, "Plan it").click();
  await page.getByRole("heading", { name: "What would be done" }).waitFor();
  await visit.look("plan");
  await button(page, "Create and attach").click();
  await page.getByText("Done. What was there before").waitFor();
  await visit.look("attached");
  // The browser's own way back shows the plan, and coming again does nothing twice.
  await page.goBack();
  await page.goForward();
  await page.getByRole("heading", { name: "Remove the old policies" }).waitFor();
  await button(page, "See what that changes").click();
  await page.getByText("No longer granted by these words").click();
  await visit.look("removal");
  await button(page, "Remove them").click();
  await page.getByText("Nothing is to be done").waitFor();
  await visit.look("removed");
  for (const left of [2, 1]) {
    await page.getByRole("button", { name: /^Roll back/ }).first().click();
    await page.getByText(/^Rolled back/).waitFor();
    if (left > 1) await visit.look("rolled-back");
  }
});
