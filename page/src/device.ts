/**
 * What this browser keeps, in IndexedDB. Nothing of it is readable as it stands: key files are under a passphrase, kit
 * codes and drafts under a key that scripts can use but not take out, notes sealed to their readers.
 */
import { bytes, type Bytes, concat, fromUtf8, random, utf8 } from "./sealing/bytes";

const NAME = "integra";
const STORES = ["device", "keys", "drafts", "queue", "pins", "attachments"] as const;
type Store = (typeof STORES)[number];

/** `text`: a protected key file; `kit`: its kit code, under the device's key; null where it needs none. */
export interface KeptKey {
  readonly kid: string;
  readonly text: string;
  readonly kit: Bytes | null;
}

/** A sealed note that waits to be sent. */
export interface Queued {
  readonly note_id: string;
  readonly author_ref: string;
  readonly agency: string;
  readonly reference: string;
  readonly queued_at: number;
  readonly note: {
    readonly envelope: string;
    readonly desk_version: number;
    readonly amends: string | null;
    readonly case: string | null;
    readonly attachments: readonly number[];
  };
  /** Why the server refused it for good; empty while it may yet go. */
  readonly refused: string;
}

/** What this device holds an agency to: who signs its desk, and the highest version seen. */
export interface Pin {
  readonly agency: string;
  readonly admin: string;
  readonly version: number;
}

let opened: Promise<IDBDatabase> | undefined;

function database(): Promise<IDBDatabase> {
  opened ??= new Promise((resolve, reject) => {
    const asked = indexedDB.open(NAME, 2);
    asked.onupgradeneeded = () => {
      for (const store of STORES) if (!asked.result.objectStoreNames.contains(store)) asked.result.createObjectStore(store);
    };
    // A page of a later version in another tab waits for this one.
    asked.addEventListener("success", () => (asked.result.onversionchange = () => asked.result.close()));
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
  return opened;
}

async function within<Found>(store: Store, how: IDBTransactionMode, act: (rows: IDBObjectStore) => IDBRequest): Promise<Found> {
  const transaction = (await database()).transaction(store, how, { durability: "strict" });
  const asked = act(transaction.objectStore(store));
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve(asked.result as Found);
    transaction.onerror = transaction.onabort = () => reject(transaction.error);
  });
}

const get = <Found>(store: Store, key: string) => within<Found | undefined>(store, "readonly", (rows) => rows.get(key));
const all = <Found>(store: Store) => within<Found[]>(store, "readonly", (rows) => rows.getAll());
const put = (store: Store, key: string, value: unknown) => within<void>(store, "readwrite", (rows) => rows.put(value, key));
const drop = (store: Store, key: string) => within<void>(store, "readwrite", (rows) => rows.delete(key));

/** Not extractable: scripts can seal and open with it, and never see it. */
async function deviceKey(): Promise<CryptoKey> {
  const kept = await get<CryptoKey>("device", "key");
  if (kept) return kept;
  const made = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  // Another tab may have been quicker; whoever was first stays.
  await within("device", "readwrite", (rows) => rows.add(made, "key")).catch(() => undefined);
  return (await get<CryptoKey>("device", "key"))!;
}

async function locked(plain: Bytes, about: string): Promise<Bytes> {
  const iv = random(12);
  const how = { name: "AES-GCM", iv, additionalData: utf8(about) };
  return concat(iv, new Uint8Array(await crypto.subtle.encrypt(how, await deviceKey(), plain)));
}

/** Null where it is not what was locked. */
async function unlocked(box: Bytes, about: string): Promise<Bytes | null> {
  const how = { name: "AES-GCM", iv: box.slice(0, 12), additionalData: utf8(about) };
  try {
    return bytes(await crypto.subtle.decrypt(how, await deviceKey(), box.slice(12)));
  } catch {
    return null;
  }
}

export const keys = {
  all: () => all<KeptKey>("keys"),
  async keep(kid: string, text: string, kitCode: Bytes | null): Promise<void> {
    const kit = kitCode === null ? null : await locked(kitCode, `kit ${kid}`);
    await put("keys", kid, { kid, text, kit } satisfies KeptKey);
  },
  kitCode: async ({ kid, kit }: KeptKey) => (kit === null ? null : await unlocked(kit, `kit ${kid}`)),
  forget: (kid: string) => drop("keys", kid),
};

const DRAFT_STEP = 4096; // characters: how long a draft is, is nobody's to see

/** Drafts by place: their author, and what they are for. Nobody else's session opens one. */
export const drafts = {
  async keep(place: string, draft: { readonly id: string }, now: number): Promise<void> {
    const text = JSON.stringify(draft);
    const padded = text.padEnd(Math.ceil(text.length / DRAFT_STEP) * DRAFT_STEP);
    await put("drafts", place, { at: now, note: draft.id, box: await locked(utf8(padded), `draft ${place}`) });
  },
  async of<Draft>(place: string, now: number, mostMs: number): Promise<Draft | null> {
    const row = await get<{ at: number; box: Bytes }>("drafts", place);
    if (row === undefined) return null;
    const plain = now - row.at > mostMs ? null : await unlocked(row.box, `draft ${place}`);
    if (plain === null) {
      await drop("drafts", place);
      return null;
    }
    return JSON.parse(fromUtf8(plain)!) as Draft;
  },
  forget: (place: string) => drop("drafts", place),
  /** Ids of the notes that drafts are kept of. */
  async notes(): Promise<string[]> {
    return (await all<{ note?: string }>("drafts")).flatMap(({ note }) => note ?? []);
  },
  /** What is older than it may be goes, whoever's it is; what waits with a sealed note stays. */
  async sweep(now: number, mostMs: number, waiting: ReadonlySet<string>): Promise<void> {
    for (const place of await within<IDBValidKey[]>("drafts", "readonly", (rows) => rows.getAllKeys())) {
      const row = await get<{ at: number }>("drafts", String(place));
      if (row && now - row.at > mostMs && !waiting.has(String(place))) await drop("drafts", String(place));
    }
  },
};

/** A photo or voice message: locked like a draft; once its note is sealed, sealed as well; `sent`: it is at the server. */
interface KeptAttachment {
  readonly note: string;
  readonly box: Bytes;
  readonly sealed: Bytes | null;
  readonly sent: boolean;
}

const nameOf = (note: string, number: number) => `${note} ${number}`;

export const attachments = {
  async keep(note: string, number: number, content: Bytes): Promise<void> {
    const name = nameOf(note, number);
    await put("attachments", name, { note, box: await locked(content, `attachment ${name}`), sealed: null, sent: false } satisfies KeptAttachment);
  },
  async of(note: string, number: number): Promise<Bytes | null> {
    const name = nameOf(note, number);
    const row = await get<KeptAttachment>("attachments", name);
    return row ? await unlocked(row.box, `attachment ${name}`) : null;
  },
  async change(note: string, number: number, some: Partial<Pick<KeptAttachment, "sealed" | "sent">>): Promise<void> {
    const row = await get<KeptAttachment>("attachments", nameOf(note, number));
    if (row) await put("attachments", nameOf(note, number), { ...row, ...some });
  },
  row: (note: string, number: number) => get<KeptAttachment>("attachments", nameOf(note, number)),
  forget: (note: string, number: number) => drop("attachments", nameOf(note, number)),
  /** Those of notes that are neither drafts nor waiting. */
  async sweep(notes: ReadonlySet<string>): Promise<void> {
    for (const name of await within<IDBValidKey[]>("attachments", "readonly", (rows) => rows.getAllKeys())) {
      if (!notes.has(String(name).split(" ")[0]!)) await drop("attachments", String(name));
    }
  },
};

export const queue = {
  all: () => all<Queued>("queue"),
  keep: (one: Queued) => put("queue", one.note_id, one),
  drop: (noteId: string) => drop("queue", noteId),
};

export const pins = {
  of: (agency: string) => get<Pin>("pins", `desk ${agency}`),
  keep: (pin: Pin) => put("pins", `desk ${pin.agency}`, pin),
  serverKeys: async () => (await get<string[]>("pins", "server")) ?? [],
  keepServerKeys: (kids: readonly string[]) => put("pins", "server", kids),
};

/** Asks the browser not to throw away what is kept here when the device runs short. */
export const holdOn = () => navigator.storage?.persist?.().catch(() => false);
