// Notices that files may have changed by watching their folders: a watch on a file follows its inode and misses what
// editors, `mv` and Kubernetes (a swapped symlink `..data`) do.
import { type FSWatcher, statSync, watch } from "node:fs";
import { dirname } from "node:path";

export interface FolderWatch {
  /** Watches the folders of these files from now on, and no others. Folders that cannot be watched are passed over. */
  follow(files: Iterable<string>): void;
  close(): void;
}

/** Writers write in pieces; what comes within this time is one change. */
const quietMs = 100;

/** Folders watched at most: each one costs the system a handle. */
const maxFolders = 256;

/** 0 where there is no such folder. */
function inodeOf(folder: string): number {
  return statSync(folder, { throwIfNoEntry: false })?.ino ?? 0;
}

/** @param onChange something happened in one of the folders; not necessarily to the files */
export function createFolderWatch(onChange: () => void): FolderWatch {
  const watchers = new Map<string, { readonly watcher: FSWatcher; readonly inode: number }>();
  let timer: NodeJS.Timeout | undefined;
  const settle = (): void => {
    clearTimeout(timer);
    timer = setTimeout(onChange, quietMs);
  };
  const drop = (folder: string): void => {
    watchers.get(folder)?.watcher.close();
    watchers.delete(folder);
  };
  const open = (folder: string): void => {
    try {
      const watcher = watch(folder, { persistent: false }, settle);
      // The folder is gone, or the system is out of watches: the regular check still notices changes.
      watcher.on("error", () => drop(folder));
      watchers.set(folder, { watcher, inode: inodeOf(folder) });
    } catch {
      // As above.
    }
  };
  return {
    follow(files) {
      const folders = new Set<string>();
      for (const file of files) if (folders.size < maxFolders) folders.add(dirname(file));
      for (const [folder, { inode }] of [...watchers]) {
        // A folder that was deleted and made anew has another inode, of which the old watch hears nothing.
        if (!folders.has(folder) || inodeOf(folder) !== inode) drop(folder);
      }
      for (const folder of folders) if (!watchers.has(folder)) open(folder);
    },
    close() {
      clearTimeout(timer);
      for (const folder of [...watchers.keys()]) drop(folder);
    },
  };
}
