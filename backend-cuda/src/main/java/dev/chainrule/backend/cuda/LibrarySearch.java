package dev.chainrule.backend.cuda;

import java.io.File;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Where NVIDIA's libraries may lie. They are opened by their absolute paths, since neither the toolkit nor Python's packages tell the
 * operating system where they put them; only what is in none of the folders is asked for by its name.
 *
 * @param folders in the order in which they are looked through
 * @param bySystem whether the operating system is asked for what they lack
 * @param toolkits folders of CUDA toolkits that were found
 */
record LibrarySearch(List<Path> folders, boolean bySystem, List<Path> toolkits) {

  /** Names the only folder to look in. */
  static final String FOLDER = "chainrule.cuda.libraries";

  LibrarySearch {
    folders = List.copyOf(folders);
    toolkits = List.copyOf(toolkits);
  }

  /** Only in one folder. */
  static LibrarySearch in(Path folder) {
    return new LibrarySearch(List.of(folder), false, List.of());
  }

  /** As this process's properties and environment say. */
  static LibrarySearch here() {
    String given = System.getProperty(FOLDER, "");
    if (!given.isEmpty()) {
      return in(Path.of(given).toAbsolutePath());
    }
    return of(System.getenv(), Path.of(System.getProperty("user.home")), Path.of("/"));
  }

  /**
   * As an environment says.
   *
   * @param user the user's own folder
   * @param root of the file system
   */
  static LibrarySearch of(Map<String, String> environment, Path user, Path root) {
    Set<Path> folders = new LinkedHashSet<>();
    List<Path> named = Stream.of("CUDA_HOME", "CUDA_PATH").flatMap(name -> value(environment, name)).map(Path::of).toList();
    named.forEach(home -> addToolkit(home, folders));
    Stream.of("VIRTUAL_ENV", "CONDA_PREFIX").flatMap(name -> value(environment, name)).map(Path::of)
        .forEach(prefix -> addPython(prefix, folders));
    value(environment, "PATH").flatMap(path -> Stream.of(path.split(File.pathSeparator, -1))).map(Path::of)
        .map(Path::getParent).filter(prefix -> prefix != null && prefix.isAbsolute()).forEach(prefix -> addPython(prefix, folders));
    addPython(user.resolve(".local"), folders);
    List<Path> usual = matching(root.resolve("usr/local"), "cuda*");
    usual.forEach(home -> addToolkit(home, folders));
    Stream.of("usr/lib/x86_64-linux-gnu", "usr/lib64", "usr/lib/wsl/lib", "usr/local/nvidia/lib64").map(root::resolve)
        .filter(Files::isDirectory).forEach(folders::add);
    return new LibrarySearch(List.copyOf(folders), true, Stream.concat(named.stream(), usual.stream()).filter(Files::isDirectory).distinct().toList());
  }

  private static Stream<String> value(Map<String, String> environment, String name) {
    return Stream.of(environment.getOrDefault(name, "")).filter(value -> !value.isEmpty());
  }

  private static void addToolkit(Path home, Set<Path> folders) {
    Stream.of("lib64", "lib", "targets/x86_64-linux/lib").map(home::resolve).filter(Files::isDirectory).forEach(folders::add);
  }

  /** The folders of NVIDIA's packages below an installation of Python: {@code nvidia/cuda_nvrtc/lib}, {@code nvidia/cu13/lib}. */
  private static void addPython(Path prefix, Set<Path> folders) {
    for (Path python : matching(prefix.resolve("lib"), "python3*")) {
      for (String packages : List.of("site-packages", "dist-packages")) {
        matching(python.resolve(packages).resolve("nvidia"), "*").stream().map(p -> p.resolve("lib")).filter(Files::isDirectory)
            .forEach(folders::add);
      }
    }
  }

  private static List<Path> matching(Path folder, String pattern) {
    List<Path> found = new ArrayList<>();
    if (Files.isDirectory(folder)) {
      try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder, pattern)) {
        entries.forEach(found::add);
      } catch (IOException _) {
        return List.of(); // nobody may look in there, so nothing is found in there
      }
    }
    return found.stream().sorted().toList();
  }

  /** The file of the first name that is in one of the folders. */
  Optional<Path> file(List<String> names) {
    return names.stream().flatMap(name -> folders.stream().map(f -> f.resolve(name))).filter(Files::isRegularFile).findFirst();
  }

  /**
   * Opens the first of some files that is there.
   *
   * @param names of the file, the best first
   * @throws IllegalArgumentException if it is there and the operating system cannot open it
   */
  @SuppressWarnings("restricted") // native calls live in this package
  Optional<Library> open(List<String> names) {
    Optional<Path> file = file(names);
    if (file.isPresent()) {
      return file.map(path -> new Library(path.toString(), SymbolLookup.libraryLookup(path, Arena.global())));
    }
    return bySystem ? names.stream().flatMap(name -> bySystem(name).stream()).findFirst() : Optional.empty();
  }

  @SuppressWarnings("restricted")
  private static Optional<Library> bySystem(String name) {
    try {
      return Optional.of(new Library(name, SymbolLookup.libraryLookup(name, Arena.global())));
    } catch (IllegalArgumentException _) {
      return Optional.empty(); // there is no such file
    }
  }

  /** Where was looked, for messages. */
  String where() {
    if (!bySystem) {
      return "looked in " + folders + ", which -D" + FOLDER + " names";
    }
    return "looked where the system looks, in CUDA_HOME, CUDA_PATH, /usr/local/cuda* and Python's packages of NVIDIA";
  }
}
