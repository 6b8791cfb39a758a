/** A notification as the client saw it. */
export interface Note {
  readonly method: string;
  readonly params: unknown;
}

/** Notifications in the order in which they came, to be taken one by one. */
export interface NoteLog {
  add(note: Note): void;
  /** Takes the oldest notification of a method, waiting for it if none has come. */
  take(method: string): Promise<Note>;
}

export function createNoteLog(): NoteLog {
  let notes: Note[] = [];
  let waiting: { method: string; resolve: (note: Note) => void }[] = [];
  return {
    add(note) {
      const waiter = waiting.find(({ method }) => method === note.method);
      if (waiter === undefined) {
        notes.push(note);
        return;
      }
      waiting = waiting.filter((other) => other !== waiter);
      waiter.resolve(note);
    },
    take(method) {
      const note = notes.find((other) => other.method === method);
      if (note === undefined) return new Promise((resolve) => void waiting.push({ method, resolve }));
      notes = notes.filter((other) => other !== note);
      return Promise.resolve(note);
    },
  };
}
