/** JSON as the key file has it: no field twice, and numbers written as whole numbers. */

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/gs;

/** Throws SyntaxError. */
export function parseStrictly(text: string): unknown {
  const value: unknown = JSON.parse(text);
  refuseRepeats(text.match(TOKEN) ?? []);
  return value;
}

/** Tokens of a text that `JSON.parse` took: a string before a colon is the name of a field. */
function refuseRepeats(tokens: string[]): void {
  const open: Set<string>[] = [];
  tokens.forEach((token, at) => {
    if (token === "{" || token === "[") open.push(new Set());
    else if (token === "}" || token === "]") open.pop();
    else if (tokens[at + 1] === ":") {
      const name = JSON.parse(token) as string;
      if (open.at(-1)!.has(name)) throw new SyntaxError("a field twice");
      open.at(-1)!.add(name);
    } else if (/^-?[0-9].*[.eE]/.test(token)) throw new SyntaxError("not a whole number");
  });
}
