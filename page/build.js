/**
 * Builds the page: one script, one style sheet, one document, into dist/ or the folder that is named.
 *
 * The same sources give the same bytes, wherever they lie and whenever they are built.
 */
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

import { build } from "esbuild";

const HERE = dirname(fileURLToPath(import.meta.url));
const PROJECT = dirname(HERE);
const TO = process.argv[2] ?? join(HERE, "dist");
const FIRST_LOAD_MOST = 120_000;

/** Phrases that the page shares with the chat, by how their names begin; all of page.ftl comes besides. */
const SHARED = ["note-kind-", "urgency-", "reason-", "outcome-", "awaited-", "declined-", "read-", "note-danger", "others-", "note-media-full", "note-voice-too-large"];

/** The texts of one language: page.ftl, and from its other files what is shared. */
function phrasesOf(language) {
  const folder = join(PROJECT, "guidance/content", language, "phrases");
  const others = readdirSync(folder).filter((name) => name.endsWith(".ftl") && name !== "page.ftl");
  const entries = others.sort().flatMap((name) => readFileSync(join(folder, name), "utf8").split(/^(?=[a-z][a-z0-9-]* =)/m));
  const shared = entries.filter((entry) => SHARED.some((start) => entry.startsWith(start)));
  return [readFileSync(join(folder, "page.ftl"), "utf8"), ...shared].join("\n").replace(/^#.*\n/gm, "");
}

const phrases = {
  name: "phrases",
  setup(builder) {
    builder.onResolve({ filter: /^phrases$/ }, () => ({ path: "phrases", namespace: "phrases" }));
    builder.onLoad({ filter: /.*/, namespace: "phrases" }, () => {
      const content = join(PROJECT, "guidance/content");
      const languages = readdirSync(content, { withFileTypes: true })
        .filter((entry) => entry.isDirectory() && exists(join(content, entry.name, "phrases/page.ftl")))
        .map(({ name }) => name);
      return { contents: JSON.stringify(Object.fromEntries(languages.sort().map((name) => [name, phrasesOf(name)]))), loader: "json" };
    });
  },
};

/** Word lists out of Python files: `NAME = """words"""`, `NAME = _listed("words")`. */
const pythonWords = {
  name: "python",
  setup(builder) {
    builder.onResolve({ filter: /^python:/ }, ({ path }) => ({ path: path.slice("python:".length), namespace: "python" }));
    builder.onLoad({ filter: /.*/, namespace: "python" }, ({ path }) => {
      const source = readFileSync(join(PROJECT, path), "utf8");
      const lists = [...source.matchAll(/^_?([A-Z_]+)(?:: Final)? = (?:_listed\(\s*)?"(?:"")?([^"]*)"/gm)];
      const lines = lists.map(([, name, words]) => `export const ${name} = ${JSON.stringify(words.trim())}.split(/\\s+/);`);
      return { contents: lines.join("\n"), loader: "js" };
    });
  },
};

function exists(path) {
  try {
    readFileSync(path);
    return true;
  } catch {
    return false;
  }
}

export const bundling = {
  absWorkingDir: HERE,
  bundle: true,
  charset: "utf8",
  legalComments: "none",
  logLevel: "warning",
  minify: true,
  target: "es2022",
  loader: { ".txt": "text" },
  plugins: [phrases, pythonWords],
};

/** Names, versions and licences of the packages that these files are of. */
function licencesOf(inputs) {
  const packages = inputs.map((path) => path.match(/node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[1]).filter(Boolean);
  const texts = [...new Set(packages)].sort().map((name) => {
    const folder = join(HERE, "node_modules", name);
    const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const file = readdirSync(folder).find((one) => /^licen[cs]e/i.test(one));
    return `${name} ${version}, ${license}\n\n${file ? readFileSync(join(folder, file), "utf8").trim() : "The package names its licence and brings no text of it."}\n`;
  });
  return texts.join(`\n${"-".repeat(78)}\n\n`);
}

/** SHA-256 of what `sha256sum` prints for the folder's files, sorted by path. */
export function digestOf(folder) {
  const lines = readdirSync(folder)
    .sort()
    .map((name) => `${createHash("sha256").update(readFileSync(join(folder, name))).digest("hex")}  ${name}\n`);
  return createHash("sha256").update(lines.join("")).digest("hex");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  rmSync(TO, { recursive: true, force: true });
  mkdirSync(TO, { recursive: true });
  const script = { entryPoints: ["src/page.ts"], format: "iife", metafile: true, outfile: join(TO, "page.js") };
  const { metafile } = await build({ ...bundling, ...script });
  writeFileSync(join(TO, "licences.txt"), licencesOf(Object.keys(metafile.inputs)));
  await build({ ...bundling, entryPoints: ["src/page.css"], outfile: join(TO, "page.css") });
  const whole = (name) => `sha384-${createHash("sha384").update(readFileSync(join(TO, name))).digest("base64")}`;
  const document = readFileSync(join(HERE, "src/index.html"), "utf8");
  writeFileSync(
    join(TO, "index.html"),
    document.replace("SCRIPT-INTEGRITY", whole("page.js")).replace("STYLE-INTEGRITY", whole("page.css")),
  );
  cpSync(join(HERE, "src/icon.svg"), join(TO, "icon.svg"));
  const files = readdirSync(TO);
  const size = files.reduce((sum, name) => sum + gzipSync(readFileSync(join(TO, name)), { level: 9 }).length, 0);
  console.log(`${files.length} files, ${size} bytes compressed, digest ${digestOf(TO)}`);
  if (size > FIRST_LOAD_MOST) {
    console.error(`THE PAGE HAS GROWN over ${FIRST_LOAD_MOST} bytes compressed`);
    process.exit(1);
  }
}
