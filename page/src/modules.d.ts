declare module "*.txt" {
  const text: string;
  export default text;
}

/** Texts in Fluent, by language and file: made by build.js from guidance/content. */
declare module "phrases" {
  const texts: Record<string, string>;
  export default texts;
}
