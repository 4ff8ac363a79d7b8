import { defineConfig } from "vitepress";
import { plainMarkdown, slug } from "./plainMarkdown.ts";
import { sidebar } from "./sidebar.ts";

/** Its owner and name on GitHub, where links to files outside docs lead. */
const repository = process.env.GITHUB_REPOSITORY;

const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><circle cx="8" cy="8" r="8" fill="#0a8263"/><path d="M5 4l6 4-6 4z" fill="#fff"/></svg>`;

// Every page is readable on GitHub as it is; what only the site has is in here.
export default defineConfig({
  title: "rollgate",
  description: "Zero-downtime rolling deployment of a Spring Boot jar behind nginx",
  base: process.env.SITE_BASE ?? "/",
  head: [["link", { rel: "icon", href: `data:image/svg+xml,${encodeURIComponent(ICON)}` }]],
  rewrites: { "decisions/README.md": "decisions/index.md" },
  markdown: { anchor: { slugify: slug }, config: (markdown) => plainMarkdown(markdown, repository) },
  themeConfig: {
    nav: [
      { text: "Getting started", link: "/getting-started" },
      { text: "Settings", link: "/settings" },
      { text: "API", link: "/api/" },
      { text: "Troubleshooting", link: "/troubleshooting" },
    ],
    sidebar: sidebar(),
    outline: [2, 3],
    search: { provider: "local" },
    ...(repository && { socialLinks: [{ icon: "github", link: `https://github.com/${repository}` }] }),
  },
});
