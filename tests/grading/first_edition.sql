-- A gradebook as the first edition left it, in SQLite's words: two runs, the second a regrade, adjustments by hand.
CREATE TABLE students (id TEXT NOT NULL, PRIMARY KEY (id));
INSERT INTO students VALUES
('Zoë Š'),
('ada'),
('carl'),
('bob'),
('eve');
CREATE TABLE runs (id INTEGER NOT NULL, started_at DATETIME NOT NULL, finished_at DATETIME, seed BIGINT NOT NULL, sandbox TEXT NOT NULL, versions TEXT NOT NULL, PRIMARY KEY (id));
INSERT INTO runs VALUES
(1,'2026-11-28 14:36:41.449790','2026-11-28 14:36:42.663489',20,'bwrap','{"python": "3.11.7", "numpy": "2.4.6", "course_lib": "0.1.0"}'),
(2,'2026-11-28 14:36:55.863899','2026-11-28 14:36:56.842911',20,'bwrap','{"python": "3.11.7", "numpy": "2.4.6", "course_lib": "0.1.0"}');
CREATE TABLE submissions (id INTEGER NOT NULL, student_id TEXT NOT NULL, chapter TEXT NOT NULL, sha256 TEXT NOT NULL, submitted_at DATETIME NOT NULL, received_at DATETIME NOT NULL, claimed_at DATETIME NOT NULL, source TEXT NOT NULL, lms TEXT NOT NULL, status TEXT NOT NULL, reason TEXT NOT NULL, errors TEXT NOT NULL, printed TEXT NOT NULL, printed_bytes BIGINT NOT NULL, code_hash TEXT NOT NULL, seconds DOUBLE NOT NULL, graded_at DATETIME NOT NULL, run_id INTEGER NOT NULL, PRIMARY KEY (id), UNIQUE (student_id, chapter, sha256), FOREIGN KEY(student_id) REFERENCES students (id), FOREIGN KEY(run_id) REFERENCES runs (id));
INSERT INTO submissions VALUES
(1,'Zoë Š','01','16c15531897a3f0ff9563cbd851380c4b514ba2eea1304f33f57a92653d1d6bb','2030-01-01 02:00:00.000000','2030-01-01 02:00:00.000000','2030-01-01 02:00:00.000000','Zoë Š_345_assignsubmission_file/01.ipynb','moodle:345','graded','','[["cell 4", "ZeroDivisionError: division by zero", "1/0"]]','<b>hello</b>
',13,'78d3213ca3ec6a6898b0c89091007601090cf3c2ca2f5e333ffddcb22aa9ad68',0.414,'2026-11-28 14:36:56.482593',2),
(2,'ada','00','4732fe371e66f0bc58b7d5c3942fc2ddc82de8ddb46eb3c467c286ffbee21dd1','2030-01-01 00:00:00.000000','2030-01-01 00:00:00.000000','2030-01-01 00:00:00.000000','ada/00.ipynb','','graded','','[]','',0,'62c4a4d0f34a636c23f4049d515c8d622603b51ba57eff7b41cae8c181e4a439',0.251,'2026-11-28 14:36:56.297567',2),
(3,'ada','01','3f8cbb8c9ae1841962a3bcdf2da0d31f40e251b40fe0662063b2096f07ecef45','2030-01-01 01:00:00.000000','2030-01-01 01:00:00.000000','2030-01-01 01:00:00.000000','ada/01.ipynb','','graded','','[]','',0,'1bd29e6c96c2b47fec81316fe5170b3a00285a4cda89fc445c96173f3d4a1a79',0.0726,'2026-11-28 14:36:56.389432',2),
(4,'carl','00','4cfc1865d5a1959eb48d6bc2756eecc64d56bcce6f8712ddf1b0db73841788b6','2030-01-01 00:00:00.000000','2030-01-01 00:00:00.000000','2030-01-01 00:00:00.000000','carl/00.ipynb','','refused','This is not a notebook: its JSON is broken (Expecting value: line 1 column 12 (char 11)).','[]','',0,'',0.000155,'2026-11-28 14:36:56.451413',2),
(5,'bob','00','4732fe371e66f0bc58b7d5c3942fc2ddc82de8ddb46eb3c467c286ffbee21dd1','2030-01-06 00:00:00.000000','2030-01-06 00:00:00.000000','2030-01-06 00:00:00.000000','bob/00 again.ipynb','','graded','','[]','',0,'62c4a4d0f34a636c23f4049d515c8d622603b51ba57eff7b41cae8c181e4a439',0.335,'2026-11-28 14:36:56.733311',2),
(6,'bob','00','dc98aec2d5922929b1c1b756045e4325092284f8d19b36d89dfa0abe67b1a459','2030-01-01 00:00:00.000000','2030-01-01 00:00:00.000000','2030-01-01 00:00:00.000000','bob/00.ipynb','','graded','','[]','',0,'40d869df1a69d063d56054cc9ecabf9fa15e9805d0199bad35f0e297e1630a00',0.0292,'2026-11-28 14:36:56.761641',2),
(7,'bob','01','52fa8dbc64be5fa5194e376c6e78851bfa1ff9a52f5355b1fd9e184042e7e569','2030-01-04 00:00:00.000000','2030-01-04 00:00:00.000000','2030-01-04 00:00:00.000000','bob/01.ipynb','','graded','','[]','',0,'e3515d139d46ca2b2f0de0d06b4c6e8b380b88f36db645cb81d0aac28ba913ca',0.098,'2026-11-28 14:36:56.799790',2),
(8,'eve','00','4732fe371e66f0bc58b7d5c3942fc2ddc82de8ddb46eb3c467c286ffbee21dd1','2030-01-01 12:00:05.000000','2030-01-01 12:00:05.000000','2030-01-01 12:00:00.000000','eve_00_20300101T120000Z.zip','','graded','','[]','',0,'62c4a4d0f34a636c23f4049d515c8d622603b51ba57eff7b41cae8c181e4a439',0.208,'2026-11-28 14:36:56.571214',2);
CREATE TABLE verdicts (id INTEGER NOT NULL, submission_id INTEGER NOT NULL, exercise TEXT NOT NULL, status TEXT NOT NULL, message TEXT NOT NULL, points DOUBLE NOT NULL, max_points DOUBLE NOT NULL, mistake TEXT, seconds DOUBLE NOT NULL, PRIMARY KEY (id), UNIQUE (submission_id, exercise), FOREIGN KEY(submission_id) REFERENCES submissions (id));
INSERT INTO verdicts VALUES
(20,2,'square_slope','right','Agrees with the definition on 4 random draws.',1.0,1.0,NULL,0.00497),
(21,3,'linear_approximation','right','Agrees with the definition on 4 random draws.',2.0,2.0,NULL,0.00781),
(22,3,'polar_jacobian','right','Agrees with the definition on 4 random draws.',5.0,5.0,NULL,0.0142),
(23,3,'central_jacobian','right','Agrees with the definition on 4 random draws.',2.0,2.0,NULL,0.0174),
(24,3,'complex_step_gradient','right','Agrees with the definition on 4 random draws.',2.0,2.0,NULL,0.00466),
(25,3,'jvp_by_differences','right','Agrees with the definition on 4 random draws.',2.0,2.0,NULL,0.00193),
(26,1,'linear_approximation','right','Agrees with the definition on 4 random draws.',2.0,2.0,NULL,0.00768),
(27,1,'polar_jacobian','not attempted','There is no function called `polar_jacobian`.',0.0,5.0,NULL,0.0),
(28,1,'central_jacobian','not attempted','There is no function called `central_jacobian`.',0.0,2.0,NULL,0.0),
(29,1,'complex_step_gradient','not attempted','There is no function called `complex_step_gradient`.',0.0,2.0,NULL,0.0),
(30,1,'jvp_by_differences','not attempted','There is no function called `jvp_by_differences`.',0.0,2.0,NULL,0.0),
(31,8,'square_slope','right','Agrees with the definition on 4 random draws.',1.0,1.0,NULL,0.00088),
(32,5,'square_slope','right','Agrees with the definition on 4 random draws.',1.0,1.0,NULL,0.00157),
(33,6,'square_slope','wrong','Your answer is half of the slope: the factor 2 of 2x is missing.',0.0,1.0,'factor',0.00506),
(34,7,'linear_approximation','right','Agrees with the definition on 4 random draws.',2.0,2.0,NULL,0.0073),
(35,7,'polar_jacobian','wrong','This is the transpose: rows follow the outputs (x, y), columns follow the inputs (r, θ).',0.0,5.0,'layout',0.0126),
(36,7,'central_jacobian','right','Agrees with the definition on 4 random draws.',2.0,2.0,NULL,0.0302),
(37,7,'complex_step_gradient','right','Agrees with the definition on 4 random draws.',2.0,2.0,NULL,0.0122),
(38,7,'jvp_by_differences','right','Agrees with the definition on 4 random draws.',2.0,2.0,NULL,0.00911);
CREATE TABLE adjustments (id INTEGER NOT NULL, student_id TEXT NOT NULL, chapter TEXT NOT NULL, exercise TEXT NOT NULL, points DOUBLE, max_points DOUBLE NOT NULL, reason TEXT NOT NULL, made_at DATETIME NOT NULL, PRIMARY KEY (id), FOREIGN KEY(student_id) REFERENCES students (id));
INSERT INTO adjustments VALUES
(1,'bob','01','polar_jacobian',2.5,5.0,'the layout was asked for differently in class','2026-11-28 14:36:46.335486'),
(2,'ada','00','square_slope',0.0,1.0,'shown to be copied','2026-11-28 14:36:49.830131'),
(3,'ada','00','square_slope',NULL,1.0,'a mistake of mine','2026-11-28 14:36:53.311700');
CREATE INDEX ix_submissions_student_id ON submissions (student_id);
CREATE INDEX ix_adjustments_student_id ON adjustments (student_id);
CREATE INDEX ix_verdicts_submission_id ON verdicts (submission_id);
