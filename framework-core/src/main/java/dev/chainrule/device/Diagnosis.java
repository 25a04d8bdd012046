package dev.chainrule.device;

import java.util.List;

/**
 * A backend's account of itself.
 *
 * @param usable whether a device can be opened
 * @param findings one line each: what was looked for and found or missing
 * @param remedy what to install or change; empty when usable
 */
public record Diagnosis(boolean usable, List<String> findings, String remedy) {
  /** Copies the list. */
  public Diagnosis {
    findings = List.copyOf(findings);
  }
}
