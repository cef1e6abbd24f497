// The books of the seed, as a table. Shelf 7 holds nine, so that `shelves/7/books/9` is there.
import type { JsonObject, MessageInitShape } from "@bufbuild/protobuf";
import { BookFormat, type ChapterSchema } from "./gen/library_pb.ts";

/** A book of the seed. Fields that are absent stay unset. */
export interface SeedBook {
  readonly title: string;
  readonly subtitle?: string;
  readonly author: string;
  readonly year: number;
  readonly pages: number;
  readonly subject: string;
  readonly language?: string;
  readonly rating: number;
  readonly format?: BookFormat;
  readonly volume?: number;
  readonly edition?: number;
  readonly referenceOnly?: boolean;
  readonly tags?: readonly string[];
  readonly description?: string;
  readonly chapters?: readonly MessageInitShape<typeof ChapterSchema>[];
  readonly notes?: JsonObject;
  /** Its first sentence. */
  readonly opening?: string;
  readonly origin?: "purchase" | "donation" | "inheritedFrom";
  /** Who has it. */
  readonly reader?: string;
}

export interface SeedShelf {
  readonly theme: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly books: readonly SeedBook[];
}

const { HARDCOVER, EBOOK, AUDIOBOOK } = BookFormat;

// biome-ignore format: one book is easier to read as a line or two than as twelve
export const seedShelves: readonly SeedShelf[] = [
  {
    theme: "English novels",
    labels: { floor: "ground", light: "window" },
    books: [
      { title: "Pride and Prejudice", author: "Jane Austen", year: 1813, pages: 432, subject: "fiction/classic", rating: 4.6, tags: ["marriage", "manners"], edition: 3,
        description: "Elizabeth Bennet and Mr Darcy, and how wrong both can be.", origin: "donation",
        opening: "It is a truth universally acknowledged, that a single man in possession of a good fortune, must be in want of a wife." },
      { title: "Emma", author: "Jane Austen", year: 1815, pages: 474, subject: "fiction/classic", rating: 4.1, format: HARDCOVER,
        chapters: [{ title: "Volume the First", page: 1 }, { title: "Volume the Second", page: 155 }, { title: "Volume the Third", page: 310 }],
        opening: "Emma Woodhouse, handsome, clever, and rich, with a comfortable home and happy disposition, seemed to unite some of the best blessings of existence." },
      { title: "Jane Eyre", subtitle: "An Autobiography", author: "Charlotte Brontë", year: 1847, pages: 532, subject: "fiction/classic", rating: 4.5,
        opening: "There was no possibility of taking a walk that day." },
      { title: "Great Expectations", author: "Charles Dickens", year: 1861, pages: 544, subject: "fiction/classic", rating: 4.2, format: AUDIOBOOK, reader: "mary" },
      { title: "Middlemarch", subtitle: "A Study of Provincial Life", author: "George Eliot", year: 1871, pages: 880, subject: "fiction/classic", rating: 4.4 },
      { title: "Persuasion", author: "Jane Austen", year: 1817, pages: 249, subject: "fiction/classic", rating: 4.3, format: EBOOK },
    ],
  },
  {
    theme: "Gothic and horror",
    labels: { floor: "cellar", light: "candle" },
    books: [
      { title: "Frankenstein", subtitle: "or, The Modern Prometheus", author: "Mary Shelley", year: 1818, pages: 280, subject: "fiction/gothic", rating: 4.5, tags: ["science", "monster"], reader: "byron",
        description: "What is made must be answered for.",
        chapters: [{ title: "Letters", page: 1, sections: [{ title: "Letter 1", page: 1 }, { title: "Letter 2", page: 6 }] }, { title: "Chapter 1", page: 21 }],
        opening: "You will rejoice to hear that no disaster has accompanied the commencement of an enterprise which you have regarded with such evil forebodings." },
      { title: "Dracula", author: "Bram Stoker", year: 1897, pages: 418, subject: "fiction/gothic", rating: 4.3, tags: ["vampire", "letters"] },
      { title: "The Castle of Otranto", author: "Horace Walpole", year: 1764, pages: 125, subject: "fiction/gothic", rating: 3.2 },
      { title: "Carmilla", author: "Sheridan Le Fanu", year: 1872, pages: 108, subject: "fiction/gothic", rating: 4.0, tags: ["vampire"], format: EBOOK },
      { title: "Strange Case of Dr Jekyll and Mr Hyde", author: "Robert Louis Stevenson", year: 1886, pages: 144, subject: "fiction/gothic", rating: 4.1 },
      { title: "The Turn of the Screw", author: "Henry James", year: 1898, pages: 121, subject: "fiction/gothic", rating: 3.7 },
    ],
  },
  {
    theme: "Early science fiction",
    labels: { floor: "first" },
    books: [
      { title: "The Time Machine", author: "H. G. Wells", year: 1895, pages: 118, subject: "fiction/science", rating: 4.2, tags: ["time"] },
      { title: "The War of the Worlds", author: "H. G. Wells", year: 1898, pages: 192, subject: "fiction/science", rating: 4.1, tags: ["mars"] },
      { title: "Vingt mille lieues sous les mers", author: "Jules Verne", year: 1870, pages: 606, subject: "fiction/science", rating: 4.4, language: "fr", origin: "inheritedFrom" },
      { title: "De la terre à la lune", author: "Jules Verne", year: 1865, pages: 254, subject: "fiction/science", rating: 4.0, language: "fr" },
      { title: "Flatland", subtitle: "A Romance of Many Dimensions", author: "Edwin A. Abbott", year: 1884, pages: 96, subject: "fiction/science/mathematics", rating: 4.0 },
      { title: "R.U.R.", subtitle: "Rossumovi univerzální roboti", author: "Karel Čapek", year: 1920, pages: 98, subject: "fiction/science", rating: 4.1, language: "cs", tags: ["robot", "play"] },
    ],
  },
  {
    theme: "Adventure",
    labels: { floor: "first", light: "lantern" },
    books: [
      { title: "Treasure Island", author: "Robert Louis Stevenson", year: 1883, pages: 292, subject: "fiction/adventure", rating: 4.2, tags: ["sea", "pirates"] },
      { title: "Moby-Dick", subtitle: "or, The Whale", author: "Herman Melville", year: 1851, pages: 635, subject: "fiction/adventure", rating: 4.0, tags: ["sea", "whale"], opening: "Call me Ishmael." },
      { title: "Le Comte de Monte-Cristo", author: "Alexandre Dumas", year: 1844, pages: 1276, subject: "fiction/adventure", rating: 4.7, language: "fr", format: HARDCOVER },
      { title: "Don Quijote de la Mancha", author: "Miguel de Cervantes", year: 1605, pages: 520, subject: "fiction/adventure", rating: 4.5, language: "es", volume: 1,
        opening: "En un lugar de la Mancha, de cuyo nombre no quiero acordarme, no ha mucho tiempo que vivía un hidalgo de los de lanza en astillero." },
      { title: "Don Quijote de la Mancha", author: "Miguel de Cervantes", year: 1615, pages: 540, subject: "fiction/adventure", rating: 4.6, language: "es", volume: 2 },
      { title: "Le Tour du monde en quatre-vingts jours", author: "Jules Verne", year: 1872, pages: 217, subject: "fiction/adventure", rating: 4.3, language: "fr", reader: "mary" },
    ],
  },
  {
    theme: "Antiquity",
    labels: { floor: "ground", climate: "dry" },
    books: [
      { title: "Iliad", author: "Homer", year: -750, pages: 683, subject: "poetry/epic", rating: 4.4, language: "grc", referenceOnly: true, tags: ["war", "troy"] },
      { title: "Odyssey", author: "Homer", year: -725, pages: 541, subject: "poetry/epic", rating: 4.6, language: "grc", tags: ["sea"] },
      { title: "Epic of Gilgamesh", author: "", year: -2100, pages: 128, subject: "poetry/epic", rating: 4.2, language: "akk", referenceOnly: true },
      { title: "Elements", author: "Euclid", year: -300, pages: 499, subject: "science/mathematics", rating: 4.8, language: "grc", format: HARDCOVER },
      { title: "Republic", author: "Plato", year: -375, pages: 416, subject: "philosophy", rating: 4.1, language: "grc" },
      { title: "The Art of War", author: "Sun Tzu", year: -500, pages: 112, subject: "philosophy/strategy", rating: 4.0, language: "lzh" },
    ],
  },
  {
    theme: "Poetry",
    labels: { floor: "attic", light: "moon" },
    books: [
      { title: "Leaves of Grass", author: "Walt Whitman", year: 1855, pages: 145, subject: "poetry", rating: 4.2 },
      { title: "Les Fleurs du mal", author: "Charles Baudelaire", year: 1857, pages: 252, subject: "poetry", rating: 4.5, language: "fr" },
      { title: "La Divina Commedia", author: "Dante Alighieri", year: 1320, pages: 798, subject: "poetry/epic", rating: 4.7, language: "it", format: HARDCOVER,
        opening: "Nel mezzo del cammin di nostra vita mi ritrovai per una selva oscura, ché la diritta via era smarrita." },
      { title: "Faust", subtitle: "Eine Tragödie", author: "Johann Wolfgang von Goethe", year: 1808, pages: 309, subject: "poetry/drama", rating: 4.4, language: "de", volume: 1 },
      { title: "Paradise Lost", author: "John Milton", year: 1667, pages: 453, subject: "poetry/epic", rating: 4.1 },
      { title: "Songs of Innocence and of Experience", author: "William Blake", year: 1794, pages: 56, subject: "poetry", rating: 4.3, referenceOnly: true },
    ],
  },
  {
    theme: "Computing",
    labels: { floor: "second", noise: "fans" },
    books: [
      { title: "Sketch of the Analytical Engine", subtitle: "With notes by the translator", author: "Ada Lovelace", year: 1843, pages: 66, subject: "science/computing", rating: 4.9, tags: ["engine", "notes"] },
      { title: "An Investigation of the Laws of Thought", author: "George Boole", year: 1854, pages: 424, subject: "science/mathematics/logic", rating: 4.0 },
      { title: "Passages from the Life of a Philosopher", author: "Charles Babbage", year: 1864, pages: 496, subject: "science/computing", rating: 3.9 },
      { title: "On Computable Numbers", subtitle: "With an Application to the Entscheidungsproblem", author: "Alan Turing", year: 1936, pages: 36, subject: "science/computing", rating: 4.9 },
      { title: "A Mathematical Theory of Communication", author: "Claude Shannon", year: 1948, pages: 55, subject: "science/information", rating: 4.9 },
      { title: "The Art of Computer Programming", subtitle: "Fundamental Algorithms", author: "Donald Knuth", year: 1968, pages: 634, subject: "science/computing", rating: 4.8, volume: 1, edition: 1, format: HARDCOVER },
      { title: "The C Programming Language", author: "Brian Kernighan, Dennis Ritchie", year: 1978, pages: 228, subject: "science/computing/languages", rating: 4.7, edition: 1, reader: "ken" },
      { title: "Computer Networks", author: "Andrew S. Tanenbaum", year: 1981, pages: 517, subject: "science/computing/networks", rating: 4.4, edition: 1 },
      { title: "Structure and Interpretation of Computer Programs", author: "Harold Abelson, Gerald Jay Sussman", year: 1985, pages: 542, subject: "science/computing/languages", rating: 4.8, edition: 1, format: HARDCOVER, origin: "donation",
        tags: ["lisp", "wizard", "λ"], description: "Programs must be written for people to read, and only incidentally for machines to execute.",
        chapters: [
          { title: "Building Abstractions with Procedures", page: 1, sections: [{ title: "The Elements of Programming", page: 4 }, { title: "Procedures and the Processes They Generate", page: 29 }] },
          { title: "Building Abstractions with Data", page: 71 },
          { title: "Modularity, Objects, and State", page: 167 },
        ],
        notes: { cover: { colour: "purple", wizard: true }, lectures: [1981, 1986], errata: null, weightKg: 1.2 } },
    ],
  },
];
