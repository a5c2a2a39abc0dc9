Feature: Finding an order

  E-mail and access code together find an order. One without the other finds nothing and says nothing.

  Background:
    Given the venue has the nodes north and south
    And these seats are for sale:
      | seat type         | quota | north | south |
      | General admission | 10    | 4     | 4     |

  @A1
  Scenario: The pair finds the order, however it is typed
    Given north has sold "Grace Hopper" an order of:
      | General admission | 2 |
    When north looks the order of " GRACE.Hopper@example.org " up by its code in small letters
    Then the order is found

  @A2
  Scenario: A pair nobody knows gives no hint which part is wrong
    Given north has sold "Grace Hopper" an order of:
      | General admission | 1 |
    When north looks the order of "somebody.else@example.org" up by its code
    Then it is refused as "unknown_order"
    When north looks an order of "grace.hopper@example.org" up by a code nobody has
    Then it is refused as "unknown_order"
    And both refusals were the same

  @A2
  Scenario: Guessing is slowed down
    When north looks an order of "grace.hopper@example.org" up by a code nobody has, 10 times
    Then it is refused as "unknown_order"
    When north looks an order of "grace.hopper@example.org" up by a code nobody has
    Then it is refused as "locked_out"

  @A3
  Scenario: Every mistyped character and every swap is called that
    Given north has sold "Grace Hopper" an order of:
      | General admission | 1 |
    Then at north each mistyped code of the order of "grace.hopper@example.org" is refused as "mistyped_access_code"

  @A3
  Scenario: What looks alike is the same
    Given "Ada Lovelace" is on the list with a paid "General admission" seat
    And the order of "Ada Lovelace" has the code "10-OIL"
    When north looks an order of "ada.lovelace@example.org" up by the code "lo-01i"
    Then the order is found

  @A4
  Scenario: An order newer than what the node has heard
    Given everybody has met
    And the line of south is cut
    And north has sold "Grace Hopper" an order of:
      | General admission | 1 |
    When south looks the order of "grace.hopper@example.org" up by its code
    Then it is refused as "unknown_order"
    And the refusal says when south last heard of HQ
    When south registers "Grace Hopper" as a walk-up for "General admission"
    And south scans the ticket of "Grace Hopper"
    Then "Grace Hopper" is admitted
