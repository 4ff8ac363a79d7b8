import { expect, test } from "vitest";
import { html } from "#rollout/report/html.ts";

test("values are escaped in text and in quoted attributes", () => {
  const hostile = `<script>alert("1" & '2')</script>`;
  expect(html`<p title="${hostile}">${hostile}</p>`.text).toBe(
    `<p title="&lt;script&gt;alert(&quot;1&quot; &amp; &#39;2&#39;)&lt;/script&gt;">` +
      "&lt;script&gt;alert(&quot;1&quot; &amp; &#39;2&#39;)&lt;/script&gt;</p>",
  );
});

test("HTML within HTML is kept, and so are lists of it", () => {
  const items = ["a", "<b>"].map((item) => html`<li>${item}</li>`);
  expect(html`<ul>${items}</ul>`.text).toBe("<ul><li>a</li><li>&lt;b&gt;</li></ul>");
});

test("false and undefined leave nothing, zero stays", () => {
  expect(html`[${false}${undefined}${0}]`.text).toBe("[0]");
});

test("backslashes in a template and in values stay as they are", () => {
  expect(html`\\d${"\\n$&"}`.text).toBe("\\d\\n$&amp;");
});
