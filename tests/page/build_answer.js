/** Bundles answer.js for Node, into the file that is named. */
import { fileURLToPath } from "node:url";

import { build } from "../../page/node_modules/esbuild/lib/main.js";

import { bundling } from "../../page/build.js";

await build({
  ...bundling,
  minify: false,
  keepNames: true,
  entryPoints: [fileURLToPath(new URL("answer.js", import.meta.url))],
  format: "esm",
  platform: "node",
  outfile: process.argv[2],
});
