-- What is demanded of new redemptions holds for the old ones too.

ALTER TABLE lt_redemptions
    VALIDATE CONSTRAINT lt_redemptions_kind_check,
    VALIDATE CONSTRAINT lt_redemptions_action_check,
    VALIDATE CONSTRAINT lt_redemptions_settled_by_check,
    VALIDATE CONSTRAINT lt_redemptions_failure_code_check,
    VALIDATE CONSTRAINT lt_redemptions_send_check,
    VALIDATE CONSTRAINT lt_redemptions_chain_send_id_fkey;
