// Where an outbox is kept, and how one tab knows that another one is gone.

/** A store of texts by key that several tabs share. */
export interface Shelf {
  read(key: string): string | null;
  /** False when there is no room or no permission: the caller goes on from memory. */
  write(key: string, value: string): boolean;
  remove(key: string): void;
  keys(prefix: string): string[];
}

/** A shelf that lasts as long as the page. */
export function memoryShelf(): Shelf {
  const map = new Map<string, string>();
  return {
    read: (key) => map.get(key) ?? null,
    write: (key, value) => (map.set(key, value), true),
    remove: (key) => void map.delete(key),
    keys: (prefix) => [...map.keys()].filter((key) => key.startsWith(prefix)),
  };
}

/** localStorage or sessionStorage; memory where the browser forbids it. */
export function shelfOf(storage: () => Storage): Shelf {
  let kept: Storage;
  try {
    kept = storage();
    kept.getItem('');
  } catch {
    return memoryShelf();
  }
  return {
    read: (key) => kept.getItem(key),
    write: (key, value) => {
      try {
        kept.setItem(key, value);
        return true;
      } catch {
        return false;
      }
    },
    remove: (key) => kept.removeItem(key),
    keys: (prefix) => Array.from({ length: kept.length }, (_, i) => kept.key(i) ?? '').filter((k) => k.startsWith(prefix)),
  };
}

/** Tells whether the owner of a name is still there. */
export interface Holder {
  /** Holds the name until the page goes or the returned function is called. */
  hold(name: string): () => void;
  /** Does the work if nobody holds the name, and keeps others from doing it meanwhile. */
  claim(name: string, work: () => void): Promise<void>;
}

/** By Web Locks: the browser itself lets go when the page is gone. Needs a secure context. */
export function lockHolder(locks: LockManager): Holder {
  return {
    hold(name) {
      let release = (): void => {};
      const held = new Promise<void>((resolve) => (release = resolve));
      void locks.request(name, () => held).catch(() => {});
      return release;
    },
    async claim(name, work) {
      await locks.request(name, { ifAvailable: true }, (lock) => {
        if (lock) work();
      });
    },
  };
}

/** How often a lease is renewed. */
const LEASE_EVERY = 10_000;
/** A lease this old is nobody's: browsers slow the timers of hidden tabs down to one a minute. */
const LEASE_LASTS = 90_000;

/** By a lease in the shelf, where there are no Web Locks. Two tabs may both claim; the same ids make that harmless. */
export function leaseHolder(shelf: Shelf): Holder {
  const lease = (name: string): string => `lease.${name}`;
  return {
    hold(name) {
      const renew = (): void => void shelf.write(lease(name), String(Date.now()));
      renew();
      const timer = setInterval(renew, LEASE_EVERY);
      const release = (): void => {
        clearInterval(timer);
        shelf.remove(lease(name));
      };
      if (typeof addEventListener === 'function') addEventListener('pagehide', () => shelf.remove(lease(name)));
      return release;
    },
    async claim(name, work) {
      const held = Number(shelf.read(lease(name)) ?? 0);
      if (Date.now() - held < LEASE_LASTS) return;
      work();
      shelf.remove(lease(name));
    },
  };
}
