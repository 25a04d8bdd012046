package dev.chainrule.device;

import dev.chainrule.DeviceUnavailableException;
import dev.chainrule.Stability;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/**
 * Picks devices. The order of precedence: an explicit {@link #with}, the program's arguments ({@link #fromArguments}), the property
 * {@code chainrule.backend}, the variable {@code CHAINRULE_BACKEND}, {@code auto}. A choice that is not available is an error, never
 * a silent fallback; {@code auto} logs what it chose and why.
 */
@Stability(Stability.Level.API)
public final class Devices {

  /** {@code cuda} before {@code opencl} before {@code cpu}: what auto prefers. */
  private static final List<String> PREFERENCE = List.of("cuda", "opencl", "cpu");

  private static final System.Logger LOG = System.getLogger(Devices.class.getName());
  private static final ScopedValue<Device> OVERRIDE = ScopedValue.newInstance();
  private static final Map<String, Device> OPEN = new ConcurrentHashMap<>();

  /** What the process asks for, resolved at the first use; a request that fails is tried again at the next. */
  private static final Map<String, Device> DEFAULT = new ConcurrentHashMap<>();

  private Devices() {}

  private static String requested() {
    String property = System.getProperty("chainrule.backend", "");
    if (!property.isEmpty()) {
      return property;
    }
    return Optional.ofNullable(System.getenv("CHAINRULE_BACKEND")).filter(s -> !s.isEmpty()).orElse("auto");
  }

  /** The device of this thread: the innermost {@link #with}, else the process's default. */
  public static Device current() {
    return OVERRIDE.isBound() ? OVERRIDE.get() : DEFAULT.computeIfAbsent("default", _ -> open(requested()));
  }

  /** Runs {@code body} with {@code device} as the current one. */
  public static <T> T with(Device device, Supplier<T> body) {
    Objects.requireNonNull(device, "device");
    Objects.requireNonNull(body, "body");
    return ScopedValue.where(OVERRIDE, device).call(body::get);
  }

  /**
   * The device that a program's arguments ask for with {@code --backend cpu|opencl[:n]|cuda[:n]|auto} or {@code --backend=...}; without
   * that, the default. Other arguments are ignored.
   */
  public static Device fromArguments(String... arguments) {
    for (int i = 0; i < arguments.length; i++) {
      if (arguments[i].startsWith("--backend=")) {
        return open(arguments[i].substring("--backend=".length()));
      }
      if (arguments[i].equals("--backend")) {
        if (i + 1 == arguments.length) {
          throw new DeviceUnavailableException("--backend", "no backend named after it", "Name one of " + names() + " or auto.");
        }
        return open(arguments[i + 1]);
      }
    }
    return current();
  }

  /** Every backend on the class path, in auto's order. */
  public static List<Backend> backends() {
    List<Backend> found = new ArrayList<>();
    ServiceLoader.load(Backend.class, Devices.class.getClassLoader()).forEach(found::add);
    found.sort(Comparator.comparing((Backend b) -> rank(b.name())).thenComparing(Backend::name));
    return List.copyOf(found);
  }

  private static int rank(String name) {
    int rank = PREFERENCE.indexOf(name);
    return rank < 0 ? PREFERENCE.size() : rank;
  }

  /**
   * Opens a device, once per process and name until it is closed.
   *
   * @param name {@code cpu}, {@code cuda}, {@code cuda:1}, {@code auto}
   * @throws DeviceUnavailableException when there is none of that name, with what is missing
   */
  public static Device open(String name) {
    if (name.equals("auto")) {
      return auto();
    }
    String[] parts = name.split(":", -1);
    int index = parts.length == 1 ? 0 : index(name, parts);
    Backend backend = backends().stream().filter(b -> b.name().equals(parts[0])).findFirst()
        .orElseThrow(() -> absent(name, parts[0]));
    int count = backend.discover().size();
    if (count == 0) {
      Diagnosis diagnosis = backend.diagnose();
      throw new DeviceUnavailableException(name, "no device: " + String.join("; ", diagnosis.findings()), diagnosis.remedy());
    }
    if (index >= count) {
      throw new DeviceUnavailableException(name, "there is no device " + index + ": found " + count + ", numbered from 0", "");
    }
    return OPEN.computeIfAbsent(parts[0] + ":" + index, id -> opened(id, backend, index));
  }

  private static Device opened(String id, Backend backend, int index) {
    Device device = backend.open(index);
    device.lifetime().atEnd(() -> {
      OPEN.remove(id, device);
      DEFAULT.values().remove(device);
    });
    return device;
  }

  private static int index(String name, String[] parts) {
    if (parts.length == 2 && parts[1].matches("[0-9]{1,4}")) {
      return Integer.parseInt(parts[1]);
    }
    throw new DeviceUnavailableException(name, "not a device name", "Write it as backend or backend:number, such as cuda:0.");
  }

  private static Device auto() {
    List<Backend> backends = backends();
    Optional<Backend> chosen = backends.stream().filter(Backend::accelerates).findFirst()
        .or(() -> backends.stream().filter(backend -> !backend.discover().isEmpty()).findFirst());
    if (chosen.isPresent()) {
      LOG.log(System.Logger.Level.DEBUG, "auto chose {0}: the first of {1} with a device of its own", chosen.get().name(), names());
      return open(chosen.get().name());
    }
    throw new DeviceUnavailableException("auto", "no backend with a device among " + names(),
        "Add a backend to the class path, such as dev.chainrule:chainrule-cpu.");
  }

  private static DeviceUnavailableException absent(String name, String backend) {
    String known = String.format(Locale.ROOT, "backends on the class path: %s", names());
    return PREFERENCE.contains(backend)
        ? new DeviceUnavailableException(name, "the " + backend + " backend is not part of this program (" + known + ")",
            "Add dev.chainrule:chainrule-" + backend + " to the class path, or pick one of " + names() + ".")
        : new DeviceUnavailableException(name, "unknown backend (" + known + ")", "Pick one of " + names() + " or auto.");
  }

  private static List<String> names() {
    return backends().stream().map(Backend::name).toList();
  }
}
