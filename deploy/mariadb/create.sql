-- The database and the account of the platform, for MariaDB 10.11 or MySQL 8: mend the password and the addresses the
-- platform's machines connect from. CREATE, ALTER, DROP, INDEX, REFERENCES and TRIGGER are for `chargecloud migrate`;
-- ALTER and DROP also for the job that drops old days of telemetry.
CREATE DATABASE chargecloud CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE USER 'chargecloud'@'10.0.0.%' IDENTIFIED BY 'mend-this-password';
GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP, INDEX, REFERENCES, TRIGGER
    ON chargecloud.* TO 'chargecloud'@'10.0.0.%';
