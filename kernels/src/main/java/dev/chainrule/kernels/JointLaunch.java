package dev.chainrule.kernels;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/**
 * Generated kernels of one text that run side by side, as one launch: an optimizer's update of many parameters. The groups of threads are
 * shared out to the members in proportion to what they would have alone; a group finds its member in a table, which comes before the
 * members' geometries. Offsets of buffers are in the table, too. Memories are parameters, each once: where members differ in one, as they do
 * in the variables that they update, a switch takes theirs. So neither has to lie in one memory, nor an address in another.
 *
 * @param members at least two, of one text
 */
record JointLaunch(List<Member> members) {

  /** A parameter: a buffer and its offset. */
  static final long PARAMETER_BYTES = 2L * Long.BYTES;

  /**
   * One of the kernels.
   *
   * @param places of its buffers, that of faults included
   */
  record Member(GeneratedSource source, List<Place> places) {
    /** Copies the list. */
    Member {
      places = List.copyOf(places);
    }
  }

  /** As many of the members as the device can hand memories to, then the next, ... */
  static List<List<Member>> batches(List<Member> members, long parameterBytes) {
    List<List<Member>> batches = new ArrayList<>();
    List<Member> batch = new ArrayList<>();
    for (Member member : members) {
      long memories = memories(Stream.concat(batch.stream(), Stream.of(member)).toList()).size() + 1L; // one more for the numbers
      if (!batch.isEmpty() && memories * PARAMETER_BYTES > parameterBytes) {
        batches.add(List.copyOf(batch));
        batch.clear();
      }
      batch.add(member);
    }
    batches.add(List.copyOf(batch));
    return batches;
  }

  private static List<Integer> memories(List<Member> members) {
    return members.stream().flatMap(member -> member.places.stream()).map(Place::base).distinct().toList();
  }

  /** The memories, which are the kernel's parameters. */
  List<Place> places() {
    return memories(members).stream().map(base -> new Place(base, 0)).toList();
  }

  /** How many groups have work; each member has one at least. */
  long groups() {
    return LongStream.of(groupsOfMembers()).sum();
  }

  private long[] groupsOfMembers() {
    long wanted = members.stream().mapToLong(member -> member.source.wantedGroups()).sum();
    double share = Math.min(1, GeneratedSource.MOST_GROUPS / (double) wanted);
    return members.stream().mapToLong(member -> Math.max(1, (long) (member.source.wantedGroups() * share))).toArray();
  }

  /** The first group of each member and the end of the last; then for each its geometry and the offsets of its buffers. */
  long[] numbers() {
    LongStream.Builder numbers = LongStream.builder();
    long first = 0;
    numbers.add(first);
    for (long groups : groupsOfMembers()) {
      first += groups;
      numbers.add(first);
    }
    for (Member member : members) {
      LongStream.of(member.source.geometry()).forEach(numbers::add);
      member.places.forEach(place -> numbers.add(place.offset()));
    }
    return numbers.build().toArray();
  }

  Source source() {
    GeneratedSource one = members.getFirst().source;
    List<Integer> memories = memories(members);
    int count = members.size();
    int buffers = one.buffers();
    var text = new StringBuilder(GeneratedSource.signature(memories.size()));
    text.append("""
          int member = 0;
          for (int step = %1$d; step > 0; step /= 2) {
            if (member + step < %2$d && GROUP >= numbers[first + member + step]) member += step;
          }
          const i64 group = GROUP - numbers[first + member];
          const i64 groups = numbers[first + member + 1] - numbers[first + member];
          GLOBAL const i64 *g = numbers + first + %3$d + member * %4$d;
        """.formatted(Integer.highestOneBit(count), count, count + 1, one.geometry().length + buffers));
    List<List<Integer>> columns = IntStream.range(0, buffers)
        .mapToObj(i -> members.stream().map(member -> memories.indexOf(member.places.get(i).base())).toList()).toList();
    List<List<Integer>> differing = columns.stream().distinct().filter(column -> column.stream().distinct().count() > 1).toList();
    choice(differing, text);
    for (int i = 0; i < buffers; i++) {
      int chosen = differing.indexOf(columns.get(i));
      String memory = chosen < 0 ? memory(columns.get(i).getFirst()) : "m" + chosen;
      text.append("  GLOBAL u8 *const p%d = %s + g[%d];\n".formatted(i, memory, one.geometry().length + i));
    }
    return Source.named(one.label() + "_of_" + count, text + one.body());
  }

  private void choice(List<List<Integer>> columns, StringBuilder text) {
    if (columns.isEmpty()) {
      return;
    }
    text.append(IntStream.range(0, columns.size()).mapToObj(i -> "  GLOBAL u8 *m%d;\n".formatted(i)).collect(Collectors.joining()));
    text.append("  switch (member) {\n");
    for (int member = 0; member < members.size(); member++) {
      int chosen = member;
      String memories = IntStream.range(0, columns.size())
          .mapToObj(i -> " m%d = %s;".formatted(i, memory(columns.get(i).get(chosen)))).collect(Collectors.joining());
      text.append(member + 1 < members.size() ? "    case %d:%s break;\n".formatted(member, memories) : "    default:%s\n".formatted(memories));
    }
    text.append("  }\n");
  }

  private static String memory(int number) {
    return "b%1$d + o%1$d".formatted(number);
  }
}
